//! What a rule says to people of one question: its text, with the question's own words filled in.

use crate::{explain::Language, manifest::Words, pack::Pack, text::filled};
use gateway_types::{facts::Facts, id::RuleId};

/// What a rule says of one question. Empty where the pack has no words for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spoken {
    /// What it asks, `the holder's consent counts until 2027-03-14 00:00`.
    pub text: String,
    /// Which law or document it stands on.
    pub cites: String,
    /// What makes it hold, and who does that.
    pub remedy: Option<String>,
}

/// What the rule called `rule` says of `facts`, in `language`; times are those of `pack`'s region.
#[must_use]
pub fn spoken(pack: &Pack, facts: &Facts, rule: &RuleId, language: Language) -> Spoken {
    let Some(texts) = pack.rule_text(rule) else { return Spoken::default() };
    let say = |words: &Words| {
        let text = in_language(words, language);
        let fill = |word: &str| word_of(pack, facts, word, language);
        filled(text, fill).unwrap_or_else(|_| text.to_owned())
    };
    Spoken {
        text: say(&texts.text),
        cites: texts.cites.clone(),
        remedy: texts.remedy.as_ref().map(say),
    }
}

fn in_language(words: &Words, language: Language) -> &str {
    match language {
        Language::Chinese => &words.zh,
        Language::English => &words.en,
    }
}

pub(crate) fn class_name(pack: &Pack, facts: &Facts, language: Language) -> String {
    let foreign = pack.equivalence(&facts.from, &facts.class).map(|class| &class.name);
    let own = pack.classes().get(&facts.class).filter(|_| facts.from == *pack.region());
    let name = foreign.or(own.map(|class| &class.name));
    name.map_or_else(|| facts.class.to_string(), |name| in_language(name, language).to_owned())
}

/// What fills in `{word}`; the words are [`crate::situation::WORDS`].
fn word_of(pack: &Pack, facts: &Facts, word: &str, language: Language) -> Option<String> {
    let time = |time| pack.local_time(time);
    let local = || pack.equivalence(&facts.from, &facts.class);
    Some(match word {
        "class" => class_name(pack, facts, language),
        "local_class" => local()
            .map_or("–".to_owned(), |local| in_language(&local.local_name, language).to_owned()),
        "purpose" => facts.purpose.to_string(),
        "status" => facts.code.map_or("not-registered".to_owned(), |c| c.status().to_string()),
        "from" => facts.from.to_string(),
        "to" => facts.to.to_string(),
        "tier" => facts.tier.to_string(),
        "platform" => facts.platform.to_string(),
        "evidence_age_s" => facts.evidence_age_s.to_string(),
        "not_before" => time(facts.not_before),
        "not_after" => time(facts.not_after),
        "consent_until" => {
            facts.consent.as_ref().map_or("–".to_owned(), |consent| time(consent.expires))
        }
        _ => return None,
    })
}

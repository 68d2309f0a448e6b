//! What is wrong with a pack, where, why it matters, and what to type.

use std::fmt;

/// Most problems that one load reports; the rest would only repeat them.
pub(crate) const MAX_PROBLEMS: usize = 50;

/// Makes the enumeration of problem codes with their numbers and meanings.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $meaning:literal;)*) => {
        /// The kind of a problem: a short stable number that can be looked up.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ProblemCode {
            $($(#[$doc])* $name,)*
        }

        impl ProblemCode {
            /// Every code, in order.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The number, `P-003`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $number,)* }
            }

            /// What it means, in a sentence, for those who look it up.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }
        }
    };
}

codes! {
    /// Not Cedar.
    Syntax = "P-001", "The file is not Cedar: the place is where reading stopped.";
    /// Not TOML of the expected shape.
    Toml = "P-002", "The file is missing, is not TOML, or holds a key or value that is not expected there.";
    /// An attribute that the schema does not have.
    Attribute = "P-003", "A rule reads an attribute that does not exist. Cedar skips a rule that fails, so what it forbids could pass.";
    /// A name that neither the schema nor the pack has.
    Name = "P-004", "A rule names a type, action, word, group, region, class or function that does not exist.";
    /// A number where a text should be, and the like.
    Type = "P-005", "A rule compares or combines values of kinds that do not go together.";
    /// An optional attribute read without asking whether it is there.
    Optional = "P-006", "A rule reads an optional attribute without testing for it; without it the rule would be skipped.";
    /// Anything else that the validator refuses.
    Invalid = "P-007", "The validator refuses this rule for another reason, given with it.";
    /// `@id` missing, malformed, another region's, or used twice.
    RuleName = "P-010", "Every rule has an @id of its own, in the pack's region: @id(\"CN-HK/class-equivalent\").";
    /// A rule that no request can meet.
    Impossible = "P-011", "No request can ever meet this rule's conditions: it would protect from nothing.";
    /// Letters that look like others.
    Lookalike = "P-012", "A text mixes scripts, or holds letters that look like others or change the direction of writing.";
    /// A rule out of the pattern: its annotations, its `unless`.
    Pattern = "P-013", "A forbid has one of @deny or @requires and an unless; a permit has neither; no templates.";
    /// A rule that cites no source or says nothing to people.
    Uncited = "P-020", "Every rule cites its source (law, section) and says in Chinese and English what it asks.";
    /// A text for a rule that does not exist.
    Orphan = "P-021", "The texts name a rule that no .cedar file of the pack has.";
    /// A `{word}` that nothing fills in.
    Placeholder = "P-022", "A text holds a {word} in braces that is not one of those that are filled in.";
    /// A setting outside its limits.
    Setting = "P-030", "A setting of pack.toml contradicts another or lies outside its limits.";
    /// A wrong list of issuers.
    Issuers = "P-040", "The list of issuers is wrong: a key, a class, a period, or two entries for one moment.";
    /// A wrong case.
    Case = "P-050", "A case cannot be read: its facts, its changes, or what it expects.";
    /// More than is taken.
    TooMuch = "P-060", "The pack has more files, bytes, rules or entries than are taken.";
}

impl fmt::Display for ProblemCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A place in one of the pack's files.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file's name within the pack, `classes.cedar`.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// How many characters are meant; 0 for the whole item that begins here.
    pub width: usize,
    /// The line's text, without its end.
    pub text: String,
}

impl Place {
    /// The place of the bytes `start..end` of `text`, the content of `file`.
    ///
    /// Of a span over several lines the part on the first counts.
    #[must_use]
    pub fn of_span(file: &str, text: &str, start: usize, end: usize) -> Self {
        let start = floor_boundary(text, start);
        let before = text.get(..start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at.saturating_add(1));
        let line_text = text.get(line_start..).and_then(|rest| rest.lines().next());
        let meant = text.get(start..floor_boundary(text, end)).unwrap_or_default();
        Self {
            file: file.to_owned(),
            line: before.matches('\n').count().saturating_add(1),
            column: before.get(line_start..).map_or(0, |t| t.chars().count()).saturating_add(1),
            width: meant.lines().next().map_or(0, |t| t.chars().count()),
            text: line_text.unwrap_or_default().to_owned(),
        }
    }

    /// The beginning of `file`.
    #[must_use]
    pub fn start_of(file: &str) -> Self {
        Self { file: file.to_owned(), line: 1, column: 1, width: 0, text: String::new() }
    }

    /// The same place, meant as the beginning of a whole item: nothing is underlined.
    #[must_use]
    pub fn without_width(self) -> Self {
        Self { width: 0, ..self }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// One thing that is wrong with a pack.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place} {code} {message}")]
pub struct Problem {
    /// Its kind.
    pub code: ProblemCode,
    /// Where.
    pub place: Place,
    /// What.
    pub message: String,
    /// What was perhaps meant, ``did you mean `status`?``.
    pub hint: Option<String>,
    /// What would happen if it were left alone.
    pub why: Option<&'static str>,
    /// What to type.
    pub fix: Option<String>,
}

impl Problem {
    /// A problem of which only kind, place and message are known.
    pub(crate) fn new(code: ProblemCode, place: Place, message: impl Into<String>) -> Self {
        Self { code, place, message: message.into(), hint: None, why: None, fix: None }
    }

    /// The same, with what to type.
    pub(crate) fn fix(self, fix: impl Into<String>) -> Self {
        Self { fix: Some(fix.into()), ..self }
    }

    /// The same, with what was perhaps meant.
    pub(crate) fn hint(self, hint: Option<String>) -> Self {
        Self { hint, ..self }
    }
}

/// A pack is refused: every problem that was found, in the order of files and lines.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the pack is refused: {} problems, the first: {}", .0.len(), .0.first().map(ToString::to_string).unwrap_or_default())]
pub struct PackErrors(pub Vec<Problem>);

impl PackErrors {
    /// Sorts the problems by place, drops what repeats, and keeps at most [`MAX_PROBLEMS`].
    pub(crate) fn new(mut problems: Vec<Problem>) -> Self {
        problems
            .sort_by(|a, b| (&a.place, a.code, &a.message).cmp(&(&b.place, b.code, &b.message)));
        problems.dedup();
        problems.truncate(MAX_PROBLEMS);
        Self(problems)
    }
}

fn floor_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_and_stay_on_one_line() {
        let text = "a\n  吊销 bad\nmore";
        let start = text.find("bad").unwrap();
        let place = Place::of_span("x.cedar", text, start, text.len());
        assert_eq!((place.line, place.column, place.width), (2, 6, 3));
        assert_eq!(place.text, "  吊销 bad");
        assert_eq!(Place::of_span("x", text, 5, 5).line, 2, "inside a character");
        assert_eq!(Place::of_span("x", "", 9, 12).line, 1, "beyond the end");
    }

    #[test]
    fn codes_are_distinct_and_in_order() {
        assert!(ProblemCode::ALL.windows(2).all(|two| two[0].as_str() < two[1].as_str()));
    }
}

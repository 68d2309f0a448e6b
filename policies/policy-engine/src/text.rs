//! Texts for people: what was perhaps meant, and words in braces.

/// Text with `{words}` filled in by `fill`; `Err` is the first word that it does not know.
pub(crate) fn filled(
    text: &str,
    mut fill: impl FnMut(&str) -> Option<String>,
) -> Result<String, &str> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (word, tail) = after.split_once('}').ok_or(after)?;
        out.push_str(before);
        out.push_str(&fill(word).ok_or(word)?);
        rest = tail;
    }
    out.push_str(rest);
    Ok(out)
}

/// ``did you mean `…`?``, if one of `known` is near enough to `word`.
pub(crate) fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<String> {
    let limit = word.chars().count().div_ceil(3).min(3);
    known
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| format!("did you mean `{candidate}`?"))
}

/// How many letters must be put in, taken out or changed (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(100).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(100).enumerate() {
        let mut left = i.saturating_add(1);
        let mut next = vec![left];
        for (y, above) in b.iter().zip(row.windows(2)) {
            let &[corner, up] = above else { continue };
            let changed = corner.saturating_add(usize::from(x != *y));
            left = changed.min(up.saturating_add(1)).min(left.saturating_add(1));
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_filled_in_and_unknown_ones_named() {
        let fill = |word: &str| (word == "age").then(|| "91".to_owned());
        assert_eq!(filled("it is {age} s", fill).as_deref(), Ok("it is 91 s"));
        assert_eq!(filled("{aeg}", fill), Err("aeg"));
        assert_eq!(filled("{age", fill), Err("age"));
        assert_eq!(filled("plain }", fill).as_deref(), Ok("plain }"));
    }

    #[test]
    fn the_nearest_word_is_offered_if_it_is_near() {
        let known = ["status", "issuer"];
        assert_eq!(
            nearest("statuss", known.into_iter()).as_deref(),
            Some("did you mean `status`?")
        );
        assert_eq!(nearest("colour", known.into_iter()), None);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "ab"), 2);
    }
}

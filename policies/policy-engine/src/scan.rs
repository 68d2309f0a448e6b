//! Finds where each policy of a Cedar file begins and ends, and its clauses.
//!
//! Cedar numbers the policies of a file and tells no place; people need one. In Cedar `;` outside of texts
//! and comments ends a policy and stands nowhere else, so one pass over the characters is enough. What a
//! policy *means* is read by Cedar alone.

/// One policy's part of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chunk<'a> {
    /// Byte offset of its first character in the file.
    pub(crate) start: usize,
    /// Its text, from its first character to its `;`.
    pub(crate) text: &'a str,
    /// Byte offset in the file of its first `when`, if it has one.
    pub(crate) when: Option<usize>,
    /// Byte offset in the file of its first `unless`, if it has one.
    pub(crate) unless: Option<usize>,
    /// The most brackets that are open at once.
    pub(crate) deepest: usize,
}

/// The policies of `text`, in order. A rest without `;` is a policy too: Cedar will say what it lacks.
pub(crate) fn chunks(text: &str) -> Vec<Chunk<'_>> {
    let mut scanner = Scanner::default();
    let mut out = Vec::new();
    for (at, c) in text.char_indices() {
        if scanner.take(at, c) {
            out.extend(scanner.finish(text, at.saturating_add(c.len_utf8())));
        }
    }
    scanner.take(text.len(), ' ');
    out.extend(scanner.finish(text, text.len()));
    out
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Code,
    /// After one `/`.
    Slash,
    Comment,
    Text,
    /// After `\` in a text.
    Escape,
}

#[derive(Debug, Default)]
struct Scanner {
    mode: Mode,
    depth: usize,
    deepest: usize,
    start: Option<usize>,
    word: Option<(usize, String)>,
    when: Option<usize>,
    unless: Option<usize>,
}

impl Scanner {
    /// Takes one character; says whether it ends a policy.
    fn take(&mut self, at: usize, c: char) -> bool {
        self.mode = match (self.mode, c) {
            (Mode::Comment, '\n') | (Mode::Text, '"') => Mode::Code,
            (Mode::Slash, '/') => Mode::Comment,
            (Mode::Comment, _) => Mode::Comment,
            (Mode::Text, '\\') => Mode::Escape,
            (Mode::Text | Mode::Escape, _) => Mode::Text,
            (Mode::Code | Mode::Slash, '"') => Mode::Text,
            (Mode::Code, '/') => Mode::Slash,
            (Mode::Code | Mode::Slash, _) => Mode::Code,
        };
        self.take_word(at, c);
        match self.mode {
            Mode::Code => self.take_code(at, c),
            Mode::Text => self.begin(at),
            Mode::Slash | Mode::Comment | Mode::Escape => false,
        }
    }

    fn begin(&mut self, at: usize) -> bool {
        self.start.get_or_insert(at);
        false
    }

    fn take_code(&mut self, at: usize, c: char) -> bool {
        if c.is_whitespace() || self.start.is_none() && c == '"' {
            return false;
        }
        self.begin(at);
        match c {
            '(' | '[' | '{' => self.depth = self.depth.saturating_add(1),
            ')' | ']' | '}' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.deepest = self.deepest.max(self.depth);
        c == ';'
    }

    /// Collects words outside of all brackets, and notes the clauses that they begin.
    fn take_word(&mut self, at: usize, c: char) {
        let letter =
            self.mode == Mode::Code && self.depth == 0 && (c.is_alphanumeric() || c == '_');
        if letter {
            self.word.get_or_insert_with(|| (at, String::new())).1.push(c);
            return;
        }
        match self.word.take() {
            Some((at, word)) if word == "when" => _ = self.when.get_or_insert(at),
            Some((at, word)) if word == "unless" => _ = self.unless.get_or_insert(at),
            _ => {}
        }
    }

    fn finish<'a>(&mut self, text: &'a str, end: usize) -> Option<Chunk<'a>> {
        let done = std::mem::take(self);
        let start = done.start?;
        let (when, unless, deepest) = (done.when, done.unless, done.deepest);
        Some(Chunk { start, text: text.get(start..end)?, when, unless, deepest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<&str> = chunks(text).iter().map(|chunk| chunk.text).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn policies_end_at_a_semicolon_outside_of_texts_and_comments() {
        check("", &[]);
        check("  // only; a comment\n", &[]);
        check("a; b;", &["a;", "b;"]);
        check("// x;\n@id(\"a;b\") permit; // y;\n c;", &["@id(\"a;b\") permit;", "c;"]);
        check(r#"@id("\";") a; b"#, &[r#"@id("\";") a;"#, "b"]);
        check("a / b;", &["a / b;"]);
    }

    #[test]
    fn clauses_are_found_outside_of_brackets() {
        let text = "forbid (when) when { unless } unless { a };";
        let chunk = &chunks(text)[0];
        assert_eq!(chunk.when, text.find("when {"));
        assert_eq!(chunk.unless, text.find("unless { a"));
    }
}

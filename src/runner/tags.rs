//! Which presets `--tag` chooses: words joined by `and`, `or`, `not` and brackets.

/// A test of the tags of a preset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagTest {
    Has(String),
    Not(Box<TagTest>),
    All(Vec<TagTest>),
    Any(Vec<TagTest>),
}

/// Brackets and negations inside each other.
const DEEPEST: usize = 32;

impl TagTest {
    /// Reads one: `smoke`, `smoke and not slow`, `a or (b and c)`; a comma is an `or`.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let words = words(text);
        let mut rest = words.as_slice();
        let whole = any(&mut rest, 0)?;
        match rest.first() {
            None => Ok(whole),
            Some(word) => Err(format!("'{word}' stands where 'and' or 'or' should")),
        }
    }

    /// Whether a preset with these tags is meant.
    #[must_use]
    pub fn fits(&self, tags: &[String]) -> bool {
        match self {
            TagTest::Has(tag) => tags.iter().any(|has| has.eq_ignore_ascii_case(tag)),
            TagTest::Not(inner) => !inner.fits(tags),
            TagTest::All(all) => all.iter().all(|test| test.fits(tags)),
            TagTest::Any(any) => any.iter().any(|test| test.fits(tags)),
        }
    }
}

fn words(text: &str) -> Vec<String> {
    let mut spaced = String::new();
    for c in text.chars() {
        match c {
            '(' | ')' => spaced.extend([' ', c, ' ']),
            ',' => spaced.push_str(" or "),
            '!' => spaced.push_str(" not "),
            c => spaced.push(c),
        }
    }
    spaced.split_whitespace().map(str::to_owned).collect()
}

fn taken(rest: &mut &[String], word: &str) -> bool {
    let Some((first, behind)) = rest.split_first().filter(|(first, _)| *first == word) else {
        return false;
    };
    let _ = first;
    *rest = behind;
    true
}

fn any(rest: &mut &[String], depth: usize) -> Result<TagTest, String> {
    let mut tests = vec![all(rest, depth)?];
    while taken(rest, "or") {
        tests.push(all(rest, depth)?);
    }
    Ok(alone(tests, TagTest::Any))
}

fn all(rest: &mut &[String], depth: usize) -> Result<TagTest, String> {
    let mut tests = vec![one(rest, depth)?];
    while taken(rest, "and") {
        tests.push(one(rest, depth)?);
    }
    Ok(alone(tests, TagTest::All))
}

fn alone(mut tests: Vec<TagTest>, several: fn(Vec<TagTest>) -> TagTest) -> TagTest {
    match tests.pop() {
        Some(only) if tests.is_empty() => only,
        last => {
            tests.extend(last);
            several(tests)
        }
    }
}

fn one(rest: &mut &[String], depth: usize) -> Result<TagTest, String> {
    if depth > DEEPEST {
        return Err(format!("more than {DEEPEST} brackets or 'not' inside each other"));
    }
    if taken(rest, "not") {
        return one(rest, depth + 1).map(|inner| TagTest::Not(Box::new(inner)));
    }
    if taken(rest, "(") {
        let inside = any(rest, depth + 1)?;
        return if taken(rest, ")") { Ok(inside) } else { Err("a ) is missing".into()) };
    }
    let Some((word, behind)) = rest.split_first() else {
        return Err("a tag is missing; write smoke, or 'smoke and not slow'".into());
    };
    if ["and", "or", ")"].contains(&word.as_str()) {
        return Err(format!("a tag is missing before '{word}'"));
    }
    *rest = behind;
    Ok(TagTest::Has(word.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_joined_by_and_or_not_and_brackets() {
        let tags = ["smoke", "Slow"].map(str::to_owned);
        for (text, fits) in [
            ("smoke", true),
            ("SMOKE", true),
            ("not smoke", false),
            ("smoke and slow", true),
            ("smoke and not slow", false),
            ("other or slow", true),
            ("other,slow", true),
            ("!(other or fast) and smoke", true),
            ("other and fast or smoke", true),
        ] {
            assert_eq!(TagTest::parse(text).unwrap().fits(&tags), fits, "{text}");
        }
        assert!(TagTest::parse("not x").unwrap().fits(&[]));
        for text in ["", "a b", "a and", "(a", "or a", "a )", &"(".repeat(100)] {
            assert!(TagTest::parse(text).is_err(), "{text}");
        }
    }
}

//! Invisible characters that join what stands around them: which may be shown as they are.
//!
//! U+FE0F makes an emoji of a sign, U+200D one picture of several emoji or one letter of several of
//! an Indic script, U+200C keeps letters apart that would join (Persian, Indic scripts). Between what
//! they join they are text, and at the end of a word where a letter has another shape with them;
//! anywhere else they are nothing but invisible, and `printable` names them.
//!
//! A unit is a run of characters with all joiners between them; it is never cut. Whoever counts cells
//! (`printable`, `wrap_bytes`) asks here, so all agree.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::printable::{MARKS_PER_BASE, is_visible};

const NON_JOINER: char = '\u{200c}';
const JOINER: char = '\u{200d}';
const EMOJI: char = '\u{fe0f}';
const KEYCAP: char = '\u{20e3}';

/// What the flags of England, Scotland and Wales have behind U+1F3F4: the only sequences of tags that
/// are emoji (UTS 51, ED-14a, and its data).
const SUBDIVISIONS: [&str; 3] = [
    "\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
    "\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
    "\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}",
];

/// Joiners in one unit; a family of four has three, and so has the longest emoji in use.
const JOINS: u8 = 3;

/// Characters looked at for the beginning of what is not finished.
const HELD: usize = 24;

/// Whether a character is one of those that may be shown between others.
#[must_use]
pub(crate) fn is_joiner(c: char) -> bool {
    matches!(c, NON_JOINER | JOINER | EMOJI)
}

/// The unit a text begins with, when there are joiners in it and all of them have something to join.
#[must_use]
pub(crate) fn unit(text: &str) -> Option<&str> {
    let mut chars = text.chars();
    let first = chars.next()?;
    if (first.is_ascii() || first < '\u{a9}') && !text.get(1..)?.starts_with([EMOJI, NON_JOINER]) {
        return None;
    }
    if let Some(length) = subdivision(text) {
        return text.get(..length);
    }
    // Most text has none near.
    chars.take(1 + usize::from(MARKS_PER_BASE)).find(|c| is_joiner(*c))?;
    let length = emoji(text).or_else(|| letters(text))?;
    text.get(..length)
}

/// Cells of a unit; as the screen counts them.
#[must_use]
pub(crate) fn unit_cells(unit: &str) -> usize {
    unit.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// Whether a run of bytes must not be cut here, because a joiner is beside the cut.
#[must_use]
pub(crate) fn joins_at(bytes: &[u8], at: usize) -> bool {
    const ENCODED: [&[u8]; 4] =
        [b"\xe2\x80\x8c", b"\xe2\x80\x8d", b"\xef\xb8\x8f", b"\xef\xb8\x8e"];
    const TAGS: [&[u8]; 2] = [b"\xf3\xa0\x80", b"\xf3\xa0\x81"];
    let (Some(before), Some(after)) = (bytes.get(..at), bytes.get(at..)) else { return false };
    if TAGS.iter().any(|tag| after.starts_with(tag)) {
        return true;
    }
    ENCODED.iter().any(|joiner| after.starts_with(joiner) || before.ends_with(joiner))
}

/// Bytes at the end of a text that wait for what a joiner, its last character, joins.
#[must_use]
pub(crate) fn unfinished(text: &str) -> usize {
    if !text.ends_with([JOINER, NON_JOINER]) {
        return 0;
    }
    let (mut length, mut is_joined) = (0, true);
    for c in text.chars().rev().take(HELD) {
        let is_part =
            is_joiner(c) || c.width() == Some(0) || matches!(c, '\u{1f3fb}'..='\u{1f3ff}');
        if !is_part && !is_joined {
            break;
        }
        length += c.len_utf8();
        is_joined = is_part;
    }
    length
}

/// Bytes of the flag of a part of a country.
fn subdivision(text: &str) -> Option<usize> {
    let tags = text.strip_prefix('\u{1f3f4}')?;
    let known = SUBDIVISIONS.iter().find(|known| tags.starts_with(**known))?;
    Some(text.len() - tags.len() + known.len())
}

/// Bytes of an emoji that has a selector or joiners (UTS 51, ED-16).
fn emoji(text: &str) -> Option<usize> {
    let mut length = element(text)?;
    for _ in 0..JOINS {
        let next = text.get(length..)?.strip_prefix(JOINER).and_then(element);
        let Some(next) = next else { break };
        length += JOINER.len_utf8() + next;
    }
    let first = text.chars().next()?.len_utf8();
    text.get(first..length)?.contains(is_joiner).then_some(length)
}

/// Bytes of one emoji: a picture with a selector or the colour of a skin, or a keycap.
fn element(text: &str) -> Option<usize> {
    let mut chars = text.chars();
    let first = chars.next()?;
    let (second, third) = (chars.next(), chars.next());
    let selected = first.len_utf8() + EMOJI.len_utf8();
    if matches!(first, '0'..='9' | '#' | '*') {
        let is_keycap = second == Some(EMOJI) && third == Some(KEYCAP);
        return is_keycap.then_some(selected + KEYCAP.len_utf8());
    }
    if !is_picture(first) {
        return None;
    }
    Some(match second {
        Some(EMOJI) => selected,
        Some(skin @ '\u{1f3fb}'..='\u{1f3ff}') => first.len_utf8() + skin.len_utf8(),
        _ => first.len_utf8(),
    })
}

/// Whether a character is an extended pictograph: those alone are joined by rule GB11 of UAX 29.
fn is_picture(c: char) -> bool {
    let is_near =
        matches!(c, '\u{a9}' | '\u{ae}' | '\u{203c}'..='\u{3299}' | '\u{1f000}'..='\u{1faff}');
    let is_known = is_visible(c) && c.width() > Some(0) && !matches!(c, '\u{1f1e6}'..='\u{1f1ff}');
    is_near
        && is_known
        && [c, JOINER, '\u{1f600}'].iter().collect::<String>().graphemes(true).count() == 1
}

/// Bytes of letters with joiners between them, as scripts need them; marks of the last are left.
fn letters(text: &str) -> Option<usize> {
    let (mut length, mut whole) = (0, None);
    for joined in 0..=JOINS {
        let base = text.get(length..)?.chars().next()?;
        if !is_visible(base) || base.width().unwrap_or(0) == 0 {
            break;
        }
        length += base.len_utf8();
        if joined > 0 {
            whole = Some(length);
        }
        let (mark, marked) = marks(text.get(length..)?);
        length += marked;
        let mut rest = text.get(length..)?.chars();
        let Some(joiner) = rest.next().filter(|c| is_joiner(*c)) else { break };
        let next = rest.next();
        if let Some(shifter) = next.filter(|next| is_shifter(*next)) {
            // Khmer: the sign keeps its shape although a vowel above follows (Unicode, chapter 16).
            if joiner == NON_JOINER && mark.is_none() && is_letter_of(shifter, base) {
                whole = Some(length + joiner.len_utf8() + shifter.len_utf8());
            }
            break;
        }
        if let Some(virama) = next.filter(|next| is_virama(*next)) {
            // Bengali ra-yaphala, Kannada: the joiner comes before the sign.
            let is_before = joiner == JOINER && mark.is_none() && is_letter_of(virama, base);
            if !is_before || !rest.next().is_some_and(|next| is_letter_of(virama, next)) {
                break;
            }
            length += joiner.len_utf8() + virama.len_utf8();
            continue;
        }
        let stops = next.is_some_and(|next| matches!(next, '،' | '؛' | '؟' | '۔'));
        let is_stopped = stops && joiner == NON_JOINER && mark.is_none() && is_arabic(base);
        if is_stopped || ends_word(next) && joins_at_end(base, mark, joiner) {
            whole = Some(length + joiner.len_utf8());
            break;
        }
        if !next.is_some_and(|next| joins(base, mark, joiner, next)) {
            break;
        }
        length += joiner.len_utf8();
    }
    whole
}

/// The last of the marks a text begins with, and their bytes.
fn marks(text: &str) -> (Option<char>, usize) {
    let is_mark = |c: &char| is_visible(*c) && c.width() == Some(0);
    let found = text.chars().take(MARKS_PER_BASE.into()).take_while(is_mark);
    found.fold((None, 0), |(_, length), mark| (Some(mark), length + mark.len_utf8()))
}

/// Whether a joiner has something to join: a letter with its last mark, and what follows (after RFC
/// 5892, appendices A.1 and A.2, with a letter on both sides).
fn joins(base: char, mark: Option<char>, joiner: char, next: char) -> bool {
    let is_conjunct = mark.is_some_and(|mark| {
        is_virama(mark) && is_letter_of(mark, next) && is_letter_of(mark, base)
    });
    match joiner {
        NON_JOINER => is_conjunct || is_arabic(next) && (is_arabic(base) || takes_suffix(base)),
        JOINER => is_conjunct,
        _ => false,
    }
}

/// Whether a Persian suffix may be written behind a character: a digit, a Latin letter, what closes.
fn takes_suffix(base: char) -> bool {
    base.is_ascii_alphanumeric()
        || matches!(base, '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}')
        || matches!(base, '»' | '”' | '’' | '›' | '"' | '\'' | ')' | ']' | '}')
}

/// Whether a letter with its last mark has a shape of its own with a joiner behind it at the end of
/// a word: chillu and khanda ta as they were spelled before they had code points of their own
/// (Unicode, chapter 12), the half forms of Devanagari and Gujarati, a sign that is to be seen, and the
/// initial heh of the Hijri year.
fn joins_at_end(base: char, mark: Option<char>, joiner: char) -> bool {
    let is_signed = mark.is_some_and(|mark| is_virama(mark) && is_letter_of(mark, base));
    let has_shape = matches!(base, '\u{d15}' | '\u{d23}' | '\u{d28}' | '\u{d30}' | '\u{d32}')
        || matches!(base, '\u{d33}' | '\u{9a4}')
        || matches!(base, '\u{915}'..='\u{939}' | '\u{958}'..='\u{95f}' | '\u{a95}'..='\u{ab9}');
    let is_heh = mark.is_none() && matches!(base, '\u{647}' | '\u{6be}' | '\u{6c1}');
    match joiner {
        // Kurdish and Uyghur write their vowel as a heh that joins nothing, at the end, too.
        NON_JOINER => is_signed || mark.is_none() && base == '\u{647}',
        JOINER => is_signed && has_shape || is_heh,
        _ => false,
    }
}

/// Whether a word ends before this.
fn ends_word(next: Option<char>) -> bool {
    next.is_none_or(|c| {
        let has_cells = c.is_ascii_control() || c.width() > Some(0);
        has_cells && !c.is_alphanumeric() && !is_joiner(c)
    })
}

/// Whether a character that takes cells belongs to the script of a sign that joins consonants.
fn is_letter_of(virama: char, c: char) -> bool {
    u32::from(virama) >> 7 == u32::from(c) >> 7 && c.is_alphabetic() && c.width() > Some(0)
}

/// Signs of Khmer that change the register of a consonant.
fn is_shifter(c: char) -> bool {
    matches!(c, '\u{17c9}' | '\u{17ca}')
}

/// Signs that take the vowel off a consonant: Devanagari to Sinhala, Balinese, Javanese.
fn is_virama(c: char) -> bool {
    matches!(
        c,
        '\u{94d}'
            | '\u{9cd}'
            | '\u{a4d}'
            | '\u{acd}'
            | '\u{b4d}'
            | '\u{bcd}'
            | '\u{c4d}'
            | '\u{ccd}'
    ) || matches!(c, '\u{d4d}' | '\u{dca}' | '\u{1b44}' | '\u{a9c0}')
}

/// Letters that join their neighbours: Arabic with its extensions, Syriac, N'Ko.
fn is_arabic(c: char) -> bool {
    let is_near = matches!(c, '\u{620}'..='\u{6ff}' | '\u{710}'..='\u{74f}' | '\u{750}'..='\u{77f}')
        || matches!(c, '\u{7ca}'..='\u{7ea}' | '\u{8a0}'..='\u{8c9}');
    is_near && c.is_alphabetic() && is_visible(c) && c.width() > Some(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text of many languages and emoji that must stay as it is.
    const TEXTS: [&str; 24] = [
        "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
        "🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
        "🏴\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}",
        "❤\u{fe0f}",
        "☺\u{fe0f}",
        "1\u{fe0f}\u{20e3}",
        "#\u{fe0f}\u{20e3}",
        "👨\u{200d}👩\u{200d}👧\u{200d}👦",
        "👩\u{1f3fb}\u{200d}❤\u{fe0f}\u{200d}💋\u{200d}👨\u{1f3ff}",
        "🏳\u{fe0f}\u{200d}🌈",
        "🏴\u{200d}☠\u{fe0f}",
        "👩\u{1f3fd}\u{200d}🚀",
        "🤷\u{200d}♀\u{fe0f}",
        "👁\u{fe0f}\u{200d}🗨\u{fe0f}",
        "🧑\u{200d}🦰",
        "🐻\u{200d}❄\u{fe0f}",
        "می\u{200c}خواهم",
        "خانه\u{200c}ها",
        "بردار\u{200c}ها",
        "क\u{94d}\u{200d}ष",
        "क\u{94d}\u{200c}ष",
        "ශ\u{dca}\u{200d}ර\u{dd3}",
        "ന\u{d4d}\u{200d}മ",
        "ᬓ\u{1b44}\u{200c}ᬱ",
    ];

    #[test]
    fn joiners_between_what_they_join_are_text() {
        for text in TEXTS {
            let shown = crate::codec::printable::printable_str(text);
            assert_eq!(shown, text, "{shown}");
            let around = format!("a {text}, {text}\u{301} b");
            assert_eq!(crate::codec::printable::printable_str(&around), around);
        }
        assert!(TEXTS.iter().take(16).all(|text| unit(text) == Some(*text)));
    }

    /// Joiners before a sign, behind what is no letter of the script, and at the end of a word.
    const AT_THE_EDGE: [&str; 27] = [
        "ម\u{17d2}ប\u{200c}\u{17c9}\u{17b8}",
        "ស\u{200c}\u{17ca}\u{17b8}",
        "ئه\u{200c}مه\u{200c}",
        "ه\u{200c}",
        "می\u{200c}،",
        "क\u{94d}\u{200d}",
        "ક\u{acd}\u{200d}",
        "র\u{200d}\u{9cd}যাব",
        "ರ\u{200d}\u{ccd}ಯಾಂಕ\u{ccd}",
        "അവന\u{d4d}\u{200d}",
        "ന\u{d4d}\u{200c}",
        "న\u{c4d}\u{200c}",
        "ত\u{9cd}\u{200d}",
        "۲۰\u{200c}ساله",
        "٢\u{200c}ساله",
        "20\u{200c}ساله",
        "PDF\u{200c}ها",
        "«کتاب»\u{200c}ها",
        "(کتاب)\u{200c}ها",
        "“a”\u{200c}ها",
        "[1]\u{200c}ها",
        "\"x\"\u{200c}ها",
        "ه\u{200d} ۱۴۰۰",
        "۱۴۰۰ ه\u{200d}.",
        "ه\u{200d}",
        "می\u{200c}PDF\u{200c}ها",
        "ക\u{d4d}\u{200d}",
    ];

    #[test]
    fn joiners_where_one_side_needs_them_are_text() {
        for text in AT_THE_EDGE {
            let text = text.replace("می\u{200c}PDF", "می\u{200c}خ PDF");
            for around in [
                text.clone(),
                format!("a {text}, {text} b"),
                format!("({text})"),
                format!("«{text}»"),
            ] {
                assert_eq!(crate::codec::printable::printable_str(&around), around);
            }
            let line = format!("{text}\r\n");
            assert_eq!(crate::codec::printable::printable(line.as_bytes()), format!(r"{text}\r\n"));
        }
    }

    /// The same where one side alone might need them.
    const NOT_AT_THE_EDGE: [&str; 32] = [
        "ه\u{200c}\u{200c}",
        "ه\u{200c}a",
        "a\u{200c}،",
        "a\u{200c}\u{17c9}",
        "ប\u{200d}\u{17c9}",
        "ប\u{200c}\u{200c}\u{17c9}",
        "র\u{200d}\u{9cd}",
        "র\u{200d}\u{9cd} ",
        "র\u{200d}\u{94d}य",
        "a\u{200d}\u{9cd}য",
        "ন\u{9cd}\u{200d}",
        "ന\u{d4d}\u{200d}a",
        "ന\u{d4d}\u{200d}1",
        "ന\u{d4d}\u{200d}\u{301}",
        "ന\u{d4d}\u{200d}\u{200d}",
        "ന\u{d4d}\u{200c}\u{200c}",
        "ന\u{200d}",
        "ന\u{200c}",
        "م\u{200d}",
        "ه\u{200d}م",
        "ه\u{200d}a",
        "ه\u{200d}\u{200d}",
        " \u{200c}ها",
        "«\u{200c}ها",
        "(\u{200c}ها",
        ".\u{200c}ها",
        "/\u{200c}ها",
        "1\u{200c}2",
        "PDF\u{200c}",
        "a\u{200c}\u{200c}ه",
        "ها\u{200c}»",
        "д\u{200c}ها",
    ];

    #[test]
    fn joiners_anywhere_else_are_named() {
        for text in [
            "\u{200d}",
            "a\u{200d}b",
            "👩\u{200d}",
            "\u{200d}👩",
            "👩\u{200d}\u{200d}👩",
            "👩\u{200d}a",
            "a\u{fe0f}",
            "\u{fe0f}",
            "1\u{fe0f}",
            "❤\u{fe0f}\u{fe0f}",
            "☎\u{fe0e}",
            "a\u{fe0e}",
            "1\u{fe0e}",
            "❤\u{fe0e}\u{fe0e}",
            "❤\u{fe0e}\u{200d}👩",
            "👩\u{fe0e}",
            "می\u{200c}",
            "می\u{200c} خ",
            "a\u{200c}b",
            "ی\u{200c}a",
            "א\u{200c}ב",
            "क\u{200d}ष",
            "क\u{94d}\u{200d}a",
            "क\u{94d}\u{200d}ශ",
            "日\u{200d}本",
            "🇩\u{200d}🇪",
            "1\u{200d}2",
            "\u{1f3fb}\u{fe0f}\u{200d}",
            "👩\u{202e}\u{200d}👩",
            "🏴\u{e0067}\u{e007f}",
            "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}",
            "🏴\u{e0075}\u{e0073}\u{e0063}\u{e0061}\u{e007f}",
            "a\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
        ]
        .into_iter()
        .chain(NOT_AT_THE_EDGE)
        {
            let shown = crate::codec::printable::printable_str(text);
            assert!(shown.contains('‹'), "{text:?} {shown:?}");
        }
        let long = format!("👩{}", "\u{200d}👩".repeat(9));
        let shown = crate::codec::printable::printable_str(&long);
        assert_eq!(shown.matches('\u{200d}').count(), 7, "{shown:?}");
        assert_eq!(shown.matches("‹U+200D›").count(), 2, "{shown:?}");
    }

    #[test]
    fn an_emoji_takes_two_cells() {
        for text in TEXTS.iter().take(16) {
            assert_eq!(unit_cells(text), 2, "{text}");
        }
    }
}

//! A colour as themes say it: the terminal's own, one of 256, or red, green and blue.

/// How many colours the terminal shows, as far as its environment tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum ColorDepth {
    /// None (`NO_COLOR`): roles are told apart by weight.
    None,
    /// Its own sixteen.
    Sixteen,
    #[default]
    Indexed,
    Direct,
}

/// A colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub enum ThemeColor {
    /// What the terminal uses when nothing is said.
    #[default]
    Own,
    /// One of `xterm-256color`; the first sixteen are the terminal's.
    Index(u8),
    /// Red, green, blue.
    Direct([u8; 3]),
}

/// Words for the terminal's own colours, in their order.
pub(crate) const TERMINAL: [&str; 16] = [
    "black",
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "white",
    "bright-black",
    "bright-red",
    "bright-green",
    "bright-yellow",
    "bright-blue",
    "bright-magenta",
    "bright-cyan",
    "bright-white",
];

/// The word for the colour nothing is said about.
pub(crate) const OWN: &str = "default";

/// Levels of the 6x6x6 colour cube, indices 16 to 231.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];
/// The first index whose colour is the same in every terminal.
const FIRST_KNOWN: u8 = 16;
/// The first of the 24 greys.
const GREYS: u8 = 232;

impl ThemeColor {
    /// `#rrggbb`, `default`, one of the terminal's names, or a number below 256.
    #[must_use]
    pub fn read(word: &str) -> Option<ThemeColor> {
        if let Some(digits) = word.strip_prefix('#') {
            let is_right = digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit());
            let number = u32::from_str_radix(digits, 16).ok().filter(|_| is_right)?;
            let [_, r, g, b] = number.to_be_bytes();
            return Some(ThemeColor::Direct([r, g, b]));
        }
        if word == OWN {
            return Some(ThemeColor::Own);
        }
        let named = TERMINAL.iter().position(|name| *name == word);
        let index = named.and_then(|at| u8::try_from(at).ok()).or_else(|| word.parse().ok());
        index.map(ThemeColor::Index)
    }

    /// Whether it is one of the terminal's own sixteen.
    #[must_use]
    pub fn is_of_terminal(self) -> bool {
        match self {
            ThemeColor::Own => true,
            ThemeColor::Index(index) => index < FIRST_KNOWN,
            ThemeColor::Direct(_) => false,
        }
    }

    /// Red, green and blue, as far as they do not depend on the terminal.
    fn levels(self) -> Option<[u8; 3]> {
        match self {
            ThemeColor::Direct(levels) => Some(levels),
            ThemeColor::Index(GREYS..) => self.grey(),
            ThemeColor::Index(index @ FIRST_KNOWN..) => {
                let at = usize::from(index - FIRST_KNOWN);
                Some([CUBE[at / 36], CUBE[at / 6 % 6], CUBE[at % 6]])
            }
            ThemeColor::Index(_) | ThemeColor::Own => None,
        }
    }

    fn grey(self) -> Option<[u8; 3]> {
        let ThemeColor::Index(index) = self else { return None };
        Some([8 + 10 * index.checked_sub(GREYS)?; 3])
    }

    /// Relative luminance (WCAG 2.2), 0 to 1.
    #[must_use]
    pub fn luminance(self) -> Option<f64> {
        let linear = |level: u8| {
            let level = f64::from(level) / 255.0;
            if level <= 0.04045 { level / 12.92 } else { ((level + 0.055) / 1.055).powf(2.4) }
        };
        let [r, g, b] = self.levels()?.map(linear);
        Some(0.2126 * r + 0.7152 * g + 0.0722 * b)
    }

    /// The colour between two, as far as they do not depend on the terminal.
    #[must_use]
    pub fn between(self, other: ThemeColor) -> Option<ThemeColor> {
        let (one, other) = (self.levels()?, other.levels()?);
        let mid = |at: usize| u8::midpoint(one[at], other[at]);
        Some(ThemeColor::Direct([mid(0), mid(1), mid(2)]))
    }

    /// The nearest of the 240 colours that are the same everywhere.
    #[must_use]
    pub fn in_256(self) -> ThemeColor {
        self.near(&[], 0.0)
    }

    /// The nearest of the 240 colours that are the same everywhere, of those that contrast with all
    /// of `grounds` like this; the nearest of all when none does.
    pub(super) fn near(self, grounds: &[ThemeColor], least: f64) -> ThemeColor {
        let ThemeColor::Direct(wanted) = self else { return self };
        let distance = |color: &ThemeColor| {
            let levels = color.levels().unwrap_or_default();
            let steps = wanted.iter().zip(levels).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2));
            steps.sum::<u32>()
        };
        let all = || (FIRST_KNOWN..=u8::MAX).map(ThemeColor::Index);
        let contrasts = |color: &ThemeColor| {
            grounds.iter().all(|ground| contrast(*color, *ground).is_none_or(|it| it >= least))
        };
        let nearest = all().min_by_key(distance).unwrap_or(self);
        if contrasts(&nearest) {
            return nearest;
        }
        let mut others: Vec<ThemeColor> = all().collect();
        others.sort_by_key(distance);
        others.into_iter().find(contrasts).unwrap_or(nearest)
    }
}

/// How two colours contrast, from 1 to 21 (WCAG 2.2); `None` where that is the terminal's choice.
#[must_use]
pub fn contrast(one: ThemeColor, other: ThemeColor) -> Option<f64> {
    let (one, other) = (one.luminance()?, other.luminance()?);
    Some((one.max(other) + 0.05) / (one.min(other) + 0.05))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_in_every_spelling() {
        let read = ThemeColor::read;
        assert_eq!(read("#14171C"), Some(ThemeColor::Direct([0x14, 0x17, 0x1c])));
        assert_eq!(read("default"), Some(ThemeColor::Own));
        assert_eq!(read("bright-black"), Some(ThemeColor::Index(8)));
        assert_eq!(read("244"), Some(ThemeColor::Index(244)));
        for wrong in ["", "#12345", "#+12345", "#gggggg", "256", "-1", "Red", "rde"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn colours_fall_back_to_the_nearest_of_256() {
        let near = |levels| ThemeColor::Direct(levels).near(&[], 0.0);
        assert_eq!(near([255, 0, 0]), ThemeColor::Index(196));
        assert_eq!(near([0x14, 0x17, 0x1c]), ThemeColor::Index(234));
        assert_eq!(ThemeColor::Own.near(&[], 0.0), ThemeColor::Own);
    }

    #[test]
    fn black_and_white_contrast_most() {
        let (black, white) = (ThemeColor::Direct([0; 3]), ThemeColor::Direct([255; 3]));
        assert!((contrast(black, white).unwrap() - 21.0).abs() < 0.01);
        assert!((contrast(white, white).unwrap() - 1.0).abs() < 0.01);
        assert_eq!(contrast(black, ThemeColor::Index(7)), None);
        let grey = black.near(&[black], 4.5);
        assert!(contrast(grey, black).unwrap() >= 4.5);
    }
}

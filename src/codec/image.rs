//! What an image is, told by its first bytes: its format and how many pixels it has. Nothing of it is
//! decoded.

/// What the first bytes tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ImageFacts {
    /// `PNG`
    pub(crate) format: &'static str,
    /// What the names of such files end with.
    pub(crate) extension: &'static str,
    /// Width and height; `None` = not in the bytes looked at.
    pub(crate) size: Option<(u64, u64)>,
}

impl ImageFacts {
    /// In words: `PNG image, 640 × 480`.
    pub(crate) fn words(&self) -> String {
        match self.size {
            Some((width, height)) => format!("{} image, {width} × {height}", self.format),
            None => format!("{} image", self.format),
        }
    }
}

/// What these first bytes of a body are; `None` = no image that is known.
pub(crate) fn facts(begin: &[u8]) -> Option<ImageFacts> {
    let of = |format, extension, size| Some(ImageFacts { format, extension, size });
    match begin {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => {
            let is_header = begin.get(12..16) == Some(b"IHDR");
            of("PNG", "png", both(big(begin, 16, 4), big(begin, 20, 4)).filter(|_| is_header))
        }
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => {
            of("GIF", "gif", both(little(begin, 6, 2), little(begin, 8, 2)))
        }
        [0xff, 0xd8, 0xff, ..] => of("JPEG", "jpg", jpeg(begin)),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => {
            of("WebP", "webp", webp(begin))
        }
        [b'B', b'M', ..] if little(begin, 14, 4).is_some_and(|header| header <= 124) => {
            of("BMP", "bmp", bmp(begin))
        }
        [0, 0, 1, 0, count, 0, ..] if *count > 0 => {
            // 0 stands for 256.
            let pixels = |at: usize| {
                let count = begin.get(at).copied().map(u64::from)?;
                Some(if count == 0 { 256 } else { count })
            };
            of("ICO", "ico", both(pixels(6), pixels(7)))
        }
        _ => svg(begin),
    }
}

fn both(width: Option<u64>, height: Option<u64>) -> Option<(u64, u64)> {
    width.zip(height)
}

fn big(bytes: &[u8], at: usize, count: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(count)?)?;
    Some(bytes.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
}

fn little(bytes: &[u8], at: usize, count: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(count)?)?;
    Some(bytes.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
}

/// Goes from segment to segment to the one that begins the frame.
fn jpeg(bytes: &[u8]) -> Option<(u64, u64)> {
    let mut at = 2;
    loop {
        while bytes.get(at)? == &0xff && bytes.get(at + 1)? == &0xff {
            at += 1;
        }
        let (mark, marker) = (*bytes.get(at)?, *bytes.get(at + 1)?);
        if mark != 0xff {
            return None;
        }
        let is_frame = matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc);
        if is_frame {
            return both(big(bytes, at + 7, 2), big(bytes, at + 5, 2));
        }
        let is_bare = matches!(marker, 0x01 | 0xd0..=0xd8);
        at += 2 + if is_bare { 0 } else { big(bytes, at + 2, 2)? as usize };
    }
}

fn webp(bytes: &[u8]) -> Option<(u64, u64)> {
    match bytes.get(12..16)? {
        b"VP8 " => both(little(bytes, 26, 2).map(low), little(bytes, 28, 2).map(low)),
        b"VP8L" => {
            let sizes = little(bytes, 21, 4)?;
            Some(((sizes & 0x3fff) + 1, (sizes >> 14 & 0x3fff) + 1))
        }
        b"VP8X" => {
            both(little(bytes, 24, 3).map(|it| it + 1), little(bytes, 27, 3).map(|it| it + 1))
        }
        _ => None,
    }
}

/// The lowest 14 bits; the others scale.
fn low(pixels: u64) -> u64 {
    pixels & 0x3fff
}

fn bmp(bytes: &[u8]) -> Option<(u64, u64)> {
    if little(bytes, 14, 4)? == 12 {
        return both(little(bytes, 18, 2), little(bytes, 20, 2));
    }
    // Negative heights are of images from top to bottom.
    let height = little(bytes, 22, 4)? as u32;
    Some((little(bytes, 18, 4)?, u64::from(height.cast_signed().unsigned_abs())))
}

/// SVG is text: a tag `svg` before any other, with its width and height in pixels or its view box.
fn svg(bytes: &[u8]) -> Option<ImageFacts> {
    let text = String::from_utf8_lossy(bytes.get(..4096).unwrap_or(bytes));
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if !text.starts_with('<') {
        return None;
    }
    let mut rest = text;
    let tag = loop {
        let (_, behind) = rest.split_once('<')?;
        match behind.chars().next()? {
            '?' | '!' => rest = behind,
            _ => break behind.split('>').next()?,
        }
    };
    let attributes = tag
        .strip_prefix("svg")
        .filter(|it| it.is_empty() || it.starts_with(char::is_whitespace))?;
    let size = both(pixels(attributes, "width"), pixels(attributes, "height"));
    let size = size.or_else(|| {
        let view = attribute(attributes, "viewBox")?;
        let mut numbers = view.split([' ', ',']).filter(|it| !it.is_empty()).skip(2);
        both(whole(numbers.next()?), whole(numbers.next()?))
    });
    Some(ImageFacts { format: "SVG", extension: "svg", size })
}

fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = attributes;
    loop {
        let (before, behind) = rest.split_once(name)?;
        let value = behind.trim_start().strip_prefix('=').map(str::trim_start);
        let quote = value.and_then(|it| it.chars().next()).filter(|it| matches!(it, '"' | '\''));
        if let (Some(value), Some(quote)) = (value, quote)
            && before.ends_with(char::is_whitespace)
        {
            return value.get(1..)?.split(quote).next();
        }
        rest = behind;
    }
}

fn pixels(attributes: &str, name: &str) -> Option<u64> {
    let value = attribute(attributes, name)?.trim();
    whole(value.strip_suffix("px").unwrap_or(value))
}

fn whole(number: &str) -> Option<u64> {
    let number: f64 = number.trim().parse().ok()?;
    (0.0..1e9).contains(&number).then_some(number.round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(bytes: &[u8]) -> String {
        facts(bytes).map_or_else(String::new, |facts| facts.words())
    }

    #[test]
    fn formats_and_sizes_are_in_the_first_bytes() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0";
        let jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xff\xc2\0\x11\x08\x01\xe0\x02\x80\x03";
        let lossy = b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\x01\x2a\x80\x02\xe0\x01";
        let lossless = b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f\x7f\xc2\x77\0";
        let extended = b"RIFF\0\0\0\0WEBPVP8X\0\0\0\0\0\0\0\0\x7f\x02\0\xdf\x01\0";
        let bmp = b"BM\0\0\0\0\0\0\0\0\0\0\0\0\x28\0\0\0\x80\x02\0\0\x20\xfe\xff\xff";
        for (bytes, expected) in [
            (&png[..], "PNG image, 640 × 480"),
            (b"GIF89a\x80\x02\xe0\x01", "GIF image, 640 × 480"),
            (jpeg, "JPEG image, 640 × 480"),
            (lossy, "WebP image, 640 × 480"),
            (lossless, "WebP image, 640 × 480"),
            (extended, "WebP image, 640 × 480"),
            (bmp, "BMP image, 640 × 480"),
            (b"\0\0\x01\0\x02\0\0\x20", "ICO image, 256 × 32"),
            (
                b"<?xml version='1.0'?><!-- a --><svg width=\"64px\" height='32'>",
                "SVG image, 64 × 32",
            ),
            (b"<svg stroke-width=\"2\" viewBox=\"0 0 10.4,20\">", "SVG image, 10 × 20"),
            (b"<svg>", "SVG image"),
        ] {
            assert_eq!(words(bytes), expected);
        }
    }

    #[test]
    fn cut_and_odd_bytes_are_no_trouble() {
        for bytes in
            [&b""[..], b"BMP is a format", b"<html><svg>", b"<svgx>", b"text", b"\0\0\x01\0\0\0"]
        {
            assert_eq!(facts(bytes), None, "{bytes:?}");
        }
        let jpeg = b"\xff\xd8\xff\xe1\xff\xff";
        assert_eq!(words(jpeg), "JPEG image");
        for cut in 0..30 {
            let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0";
            let _ = facts(png.get(..cut).unwrap_or(png));
        }
    }
}

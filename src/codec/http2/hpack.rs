//! Header blocks (RFC 7541): fields as they stand in the bytes, in their order.
//!
//! Who follows a connection keeps one [`HpackReader`] for each direction, since a block may name fields of the blocks
//! before. Who has a block alone reads it with a new one, and what was said before stays a number.

use std::collections::VecDeque;
use std::ops::Range;

use bytes::Bytes;

use super::huffman;
use crate::model::exchange::FieldLine;

/// Bytes an entry costs beside its texts (RFC 7541, section 4.1).
const ENTRY: usize = 32;
/// Size of the table unless its owner says otherwise (RFC 9113, section 6.5.2).
const TABLE: usize = 4096;

const STATIC: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];

/// One direction of a connection, as far as its header blocks were read.
#[derive(Debug)]
pub(crate) struct HpackReader {
    /// The newest first.
    entries: VecDeque<FieldLine>,
    size: usize,
    most: usize,
    /// What blocks may ask the table to hold.
    allowed: usize,
}

/// A field of a block. What a block names of blocks before that were not read has no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BlockField {
    pub(crate) name: Option<Bytes>,
    pub(crate) value: Option<Bytes>,
    /// The number that stands for what is not known.
    pub(crate) index: usize,
    pub(crate) at: Range<usize>,
}

/// Why a block cannot be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BlockFlaw {
    pub(crate) why: &'static str,
    pub(crate) at: usize,
}

/// A place in a block.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl HpackReader {
    /// At the beginning of a connection.
    pub(crate) fn new() -> Self {
        HpackReader { entries: VecDeque::new(), size: 0, most: TABLE, allowed: TABLE }
    }

    /// All fields of a block, with names and values of at most so many bytes; an error = it cannot be read, and nothing after it
    /// on this connection either.
    pub(crate) fn fields(
        &mut self,
        block: &[u8],
        most: usize,
    ) -> Result<Vec<FieldLine>, BlockFlaw> {
        let (mut fields, mut size) = (Vec::new(), 0);
        let mut too_much = None;
        self.read(block, &mut |field| {
            let (Some(name), Some(value)) = (field.name, field.value) else {
                let why = "it names a field that was not said before";
                too_much.get_or_insert(BlockFlaw { why, at: field.at.start });
                return false;
            };
            size += name.len() + value.len() + ENTRY;
            if size > most {
                let why = "its fields are too long together";
                too_much = Some(BlockFlaw { why, at: field.at.start });
                return false;
            }
            fields.push(FieldLine { name, value });
            true
        })?;
        too_much.map_or(Ok(fields), Err)
    }

    /// Gives field after field, as long as it is said to go on.
    pub(crate) fn read(
        &mut self,
        block: &[u8],
        found: &mut dyn FnMut(BlockField) -> bool,
    ) -> Result<(), BlockFlaw> {
        let mut cursor = Cursor { bytes: block, at: 0 };
        while let Some(first) = block.get(cursor.at).copied() {
            let start = cursor.at;
            let (name, value, index) = if first & 0x80 != 0 {
                let index = cursor.number(7)?;
                let known = self.entry(index).map_err(|why| BlockFlaw { why, at: start })?;
                let (name, value) = known.map(|it| (it.name, it.value)).unzip();
                (name, value, index)
            } else if first & 0xe0 == 0x20 {
                let most = cursor.number(5)?;
                if most > self.allowed {
                    let why = "its table is larger than was allowed";
                    return Err(BlockFlaw { why, at: start });
                }
                self.most = most;
                self.evict(0);
                continue;
            } else {
                let is_kept = first & 0x40 != 0;
                let index = cursor.number(if is_kept { 6 } else { 4 })?;
                let name = match index {
                    0 => Some(cursor.text()?),
                    _ => self
                        .entry(index)
                        .map_err(|why| BlockFlaw { why, at: start })?
                        .map(|it| it.name),
                };
                let value = cursor.text()?;
                if is_kept {
                    self.keep(name.clone().unwrap_or_default(), value.clone());
                }
                (name, Some(value), index)
            };
            if !found(BlockField { name, value, index, at: start..cursor.at }) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The field of this number; `None` = the table does not hold it.
    fn entry(&self, index: usize) -> Result<Option<FieldLine>, &'static str> {
        let at = index.checked_sub(1).ok_or("a field has number 0, which is none")?;
        if let Some((name, value)) = STATIC.get(at) {
            let [name, value] = [name, value].map(|text| Bytes::from_static(text.as_bytes()));
            return Ok(Some(FieldLine { name, value }));
        }
        Ok(self.entries.get(at - STATIC.len()).cloned())
    }

    fn keep(&mut self, name: Bytes, value: Bytes) {
        let cost = name.len() + value.len() + ENTRY;
        self.evict(cost);
        if cost <= self.most {
            self.size += cost;
            self.entries.push_front(FieldLine { name, value });
        }
    }

    /// Lets the oldest go until so much more fits.
    fn evict(&mut self, cost: usize) {
        while self.size + cost > self.most
            && let Some(FieldLine { name, value }) = self.entries.pop_back()
        {
            self.size -= name.len() + value.len() + ENTRY;
        }
    }
}

impl Cursor<'_> {
    fn byte(&mut self) -> Result<u8, BlockFlaw> {
        let byte = self.bytes.get(self.at).copied().ok_or_else(|| self.cut())?;
        self.at += 1;
        Ok(byte)
    }

    fn cut(&self) -> BlockFlaw {
        BlockFlaw { why: "it ends in the middle of a field", at: self.at }
    }

    /// A number that begins in the last bits of a byte (RFC 7541, section 5.1).
    fn number(&mut self, bits: u8) -> Result<usize, BlockFlaw> {
        let start = self.at;
        let most = (1usize << bits) - 1;
        let mut number = usize::from(self.byte()?) & most;
        if number < most {
            return Ok(number);
        }
        for shift in [0u32, 7, 14, 21] {
            let byte = self.byte()?;
            number += usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(BlockFlaw { why: "a number in it is too large", at: start })
    }

    fn text(&mut self) -> Result<Bytes, BlockFlaw> {
        let start = self.at;
        let is_coded = self.bytes.get(start).is_some_and(|byte| byte & 0x80 != 0);
        let length = self.number(7)?;
        let text = self.at.checked_add(length).and_then(|end| self.bytes.get(self.at..end));
        let text = text.ok_or_else(|| self.cut())?;
        self.at += length;
        if !is_coded {
            return Ok(Bytes::copy_from_slice(text));
        }
        let flaw = BlockFlaw { why: "a text in it is not in the code of HPACK", at: start };
        huffman::read(text).map(Bytes::from).ok_or(flaw)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<char> = hex.chars().filter(char::is_ascii_hexdigit).collect();
        let pair = |pair: &[char]| u8::from_str_radix(&String::from_iter(pair), 16).unwrap();
        digits.chunks(2).map(pair).collect()
    }

    fn shown(fields: &[FieldLine]) -> Vec<String> {
        let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
        fields
            .iter()
            .map(|field| format!("{}: {}", text(&field.name), text(&field.value)))
            .collect()
    }

    #[test]
    fn the_requests_of_the_rfc_are_read_one_after_the_other() {
        // RFC 7541, appendix C.4: three requests on one connection.
        let mut reader = HpackReader::new();
        let mut read = |hex: &str| shown(&reader.fields(&bytes(hex), 4096).unwrap());
        let first = [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"];
        assert_eq!(read("828684418cf1e3c2e5f23a6ba0ab90f4ff"), first);
        let second = read("828684be5886a8eb10649cbf");
        assert_eq!(second[3..], [":authority: www.example.com", "cache-control: no-cache"]);
        let third = read("828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf");
        assert_eq!(third[1..3], [":scheme: https", ":path: /index.html"]);
        assert_eq!(third[4], "custom-key: custom-value");
    }

    #[test]
    fn the_table_lets_the_oldest_go() {
        // RFC 7541, appendix C.5, with a table of 256 bytes.
        let mut reader = HpackReader::new();
        let small = "3fe101";
        let first = "4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d";
        reader.fields(&bytes(&format!("{small}{first}")), 4096).unwrap();
        assert_eq!((reader.entries.len(), reader.size), (4, 222));
        let second = shown(&reader.fields(&bytes("4803333037c1c0bf"), 4096).unwrap());
        assert_eq!(second[0], ":status: 307");
        assert_eq!(second[3], "location: https://www.example.com");
        assert_eq!(reader.size, 222, "the first status is gone");
    }

    #[test]
    fn a_block_alone_says_what_it_can() {
        let mut found = Vec::new();
        let block = bytes("82be7e0161");
        let read = HpackReader::new().read(&block, &mut |field| {
            found.push(field);
            true
        });
        assert_eq!(read, Ok(()));
        assert_eq!(found[0].value.as_deref(), Some(&b"GET"[..]));
        assert_eq!((found[1].name.clone(), found[1].index, found[1].at.clone()), (None, 62, 1..2));
        assert_eq!((found[2].name.clone(), found[2].value.as_deref()), (None, Some(&b"a"[..])));
        assert!(HpackReader::new().fields(&block, 4096).is_err());
    }

    #[test]
    fn broken_blocks_are_refused_with_their_place() {
        for (hex, why) in [
            ("8280", "number 0"),
            ("0003616263", "ends in the middle"),
            ("ffffffffffff", "too large"),
            ("3fffff7f", "larger than was allowed"),
            ("0084ffffffff0161", "not in the code"),
        ] {
            let flaw = HpackReader::new().fields(&bytes(hex), 4096).unwrap_err();
            assert!(flaw.why.contains(why), "{hex}: {flaw:?}");
        }
        let long = [&[0, 1, b'a', 100][..], &[b'x'; 100]].concat();
        let flaw = HpackReader::new().fields(&long, 50).unwrap_err();
        assert!(flaw.why.contains("too long"), "{flaw:?}");
    }

    proptest! {
        #![proptest_config(crate::property_tests::config())]

        #[test]
        fn any_bytes_are_read_or_refused_within_the_table(blocks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..8)) {
            let mut reader = HpackReader::new();
            for block in blocks {
                let _ = reader.fields(&block, 64 * 1024);
                prop_assert!(reader.size <= TABLE);
                let size: usize = reader.entries.iter().map(|it| it.name.len() + it.value.len() + ENTRY).sum();
                prop_assert_eq!(reader.size, size);
            }
        }
    }
}

//! An option costs at most five production files: the table of CONTRIBUTING.md names them, and the
//! code is looked at for them.

use std::collections::BTreeSet;

use regex::Regex;

use crate::source::{chapter, file_names, sources};

/// Most production files that an option may cost, and those that cost more, with the reason.
const MOST: usize = 5;
const MORE: [(&str, usize, &str); 2] = [
    ("keep-alive", 6, "curl has a switch of its own for it, written and read"),
    (
        "source",
        7,
        "programs written of a preset bind or connect in another way, and xh has it as an option",
    ),
];

/// An option: its key, what it is called in code, what carries it from step to step, and what other
/// programs call it, which stands in literals.
struct Shared {
    key: &'static str,
    field: &'static str,
    carriers: &'static str,
    elsewhere: &'static str,
}

const SHARED: [Shared; 3] = [
    Shared {
        key: "keep-alive",
        field: "keep_alive",
        carriers: "SocketSpec|SocketOptions",
        elsewhere: "keepalive-time",
    },
    Shared {
        key: "ttl",
        field: "ttl",
        carriers: "DatagramSpec|DatagramOptions",
        elsewhere: "IP_TTL",
    },
    // A form's part and a body have a source, too.
    Shared {
        key: "source",
        field: r"client\.source|SourceAddress|(?:struct|for) ClientSpec",
        carriers: "ClientSpec|ClientOptions|SourceAddress",
        elsewhere: "local-port|\"interface\\b|source_address=",
    },
];

#[test]
fn an_option_that_is_shared_costs_the_files_of_the_table() {
    let table = chapter("CONTRIBUTING.md", "Add an option");
    for Shared { key, field, carriers, elsewhere } in SHARED {
        let row = table.lines().find(|line| line.starts_with(&format!("| `{key}`")));
        let written = file_names(row.unwrap_or_else(|| panic!("no row of {key}")));
        let named = |pattern: &str| Regex::new(&format!(r"\b(?:{pattern})\b")).unwrap();
        let (field, carriers) = (named(field), named(carriers));
        // A name that another program gives it counts wherever it stands, in a literal too.
        let elsewhere = Regex::new(elsewhere).unwrap();
        let found: BTreeSet<String> = sources()
            .iter()
            .filter(|source| {
                let is_named = field.is_match(&source.code) && carriers.is_match(&source.code);
                is_named || elsewhere.is_match(&source.text)
            })
            .map(|source| source.name.clone())
            .collect();
        assert_eq!(found, written, "files with {key}, and those of its row in CONTRIBUTING.md");
        let more = MORE.iter().find(|(name, ..)| *name == key).map(|(_, most, _)| *most);
        assert!(found.len() <= more.unwrap_or(MOST), "{key} costs {} files", found.len());
    }
}

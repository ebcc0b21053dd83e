//! Files of logins by host, as ftp began them and curl reads them: `machine HOST login USER password PASSWORD`, in words
//! with blanks or lines between. Pure; never tells what it read but to who asked for a host.

/// A login of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct NetrcLogin {
    pub(crate) user: String,
    pub(crate) password: String,
}

/// The login for a host, whose case does not count; that for every host (`default`) where it may be used.
///
/// # Errors
/// A quote is not closed, in words.
pub(crate) fn login(
    text: &str,
    host: &str,
    takes_default: bool,
) -> Result<Option<NetrcLogin>, String> {
    let words = words(text)?;
    let mut words = words.iter().map(String::as_str);
    let (mut found, mut is_it) = (None, false);
    while let Some(word) = words.next() {
        match word {
            // The first that fits counts, whatever follows.
            "machine" | "default" if is_it => break,
            "machine" => is_it = words.next().is_some_and(|name| name.eq_ignore_ascii_case(host)),
            "default" => is_it = takes_default,
            "login" | "password" | "account" => {
                let value = words.next().unwrap_or_default();
                if is_it {
                    let login = found.get_or_insert_with(NetrcLogin::default);
                    match word {
                        "login" => value.clone_into(&mut login.user),
                        "password" => value.clone_into(&mut login.password),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

/// The words of the file: of macros and comments there are none, and within quotes blanks are part of a word.
fn words(text: &str) -> Result<Vec<String>, String> {
    let mut all = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let mut rest = line.trim_start();
        while !rest.is_empty() && !rest.starts_with('#') {
            let (word, behind) = if let Some(inner) = rest.strip_prefix('"') {
                quoted(inner).ok_or_else(|| format!("line {}: a quote is not closed", at + 1))?
            } else {
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                let (word, behind) = rest.split_at(end);
                (word.to_owned(), behind)
            };
            rest = behind.trim_start();
            if word == "macdef" {
                // It ends with an empty line.
                for (_, line) in lines.by_ref() {
                    if line.trim().is_empty() {
                        break;
                    }
                }
                rest = "";
            } else {
                all.push(word);
            }
        }
    }
    Ok(all)
}

/// A word up to its quote, and what stands behind that.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut word = String::new();
    let mut signs = text.char_indices();
    while let Some((at, sign)) = signs.next() {
        match sign {
            '"' => return Some((word, text.split_at(at + 1).1)),
            '\\' => word.push(match signs.next()?.1 {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                other => other,
            }),
            sign => word.push(sign),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# of ann\nmachine a.test login ann password p1\n\
        macdef init\n  machine b.test login wrong password wrong\n\nmachine B.test\n  login \"b n\"\n  password \"q\\\"#\"\n\
        machine a.test login late password late\ndefault login any password some\nmachine c.test login no password no\n";

    fn found(host: &str, takes_default: bool) -> String {
        let found = login(FILE, host, takes_default).unwrap();
        found.map_or_else(|| "-".into(), |it| format!("{} {}", it.user, it.password))
    }

    #[test]
    fn the_first_login_of_a_host_counts_and_the_default_where_it_may() {
        assert_eq!(found("a.test", true), "ann p1");
        assert_eq!(found("b.TEST", true), "b n q\"#");
        assert_eq!(found("x.test", true), "any some");
        assert_eq!(found("x.test", false), "-");
        assert_eq!(found("c.test", false), "no no");
        assert!(login("machine a login \"b", "a", true).unwrap_err().contains("line 1"));
        assert_eq!(login("machine", "a", true), Ok(None));
    }
}

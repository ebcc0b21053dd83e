//! Cookies of a file that a command names with `-b`: which of them curl would send to a URL.
//!
//! Whatever else a file holds is passed over, so nothing of it can get into a request.

use crate::codec::cookies::{self, RequestPlace, netscape};

/// The pairs of the file that go to this URL, in order. `now` is in seconds since 1970.
pub(super) fn matching(file: &str, url: &str, now: i64) -> Vec<String> {
    let place = RequestPlace::of(url);
    let jar = netscape::read(file.as_bytes(), Some(&place), now).jar;
    let found = cookies::matching(&jar, &place, now).into_iter();
    // A file that is text holds no cookie that is none.
    found.map(|cookie| String::from_utf8_lossy(&cookie.pair()).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# Netscape HTTP Cookie File\n\
        a.example\tFALSE\t/\tFALSE\t0\tone\t1\n\
        .a.example\tTRUE\t/x\tFALSE\t0\tbelow\t2\n\
        #HttpOnly_a.example\tFALSE\t/\tFALSE\t2000\thidden\t3\n\
        a.example\tFALSE\t/\tTRUE\t0\tsafe\t4\n\
        other.example\tTRUE\t/\tFALSE\t0\tother\t5\n\
        root:x:0:0:not a cookie\n\
        Set-Cookie: head=6; Path=/x; HttpOnly\n\
        a.example\tFALSE\t/\tFALSE\t0\tone\t7\n";

    #[test]
    fn only_the_cookies_of_the_place_go_there() {
        let to = |url| matching(FILE, url, 1000);
        assert_eq!(to("http://a.example/"), ["one=7", "hidden=3"]);
        assert_eq!(to("http://a.example/x/y?z"), ["below=2", "head=6", "one=7", "hidden=3"]);
        assert_eq!(to("http://a.example/xy"), ["one=7", "hidden=3"]);
        assert_eq!(to("https://A.example/"), ["one=7", "hidden=3", "safe=4"]);
        assert_eq!(to("http://sub.a.example/x"), ["below=2", "head=6"]);
        assert_eq!(to("http://nota.example/x"), ["head=6"]);
        assert_eq!(matching(FILE, "http://a.example/", 3000), ["one=7"]);
        assert_eq!(matching("", "no url", 0), Vec::<String>::new());
    }
}

//! What a program of Rust needs besides its presets: functions that stand in it where they are called. Used by
//! `rust` alone.

pub(super) const EXPECT: &str = r"
/// Receives until what is wanted has come.
fn expect(
    stream: &mut (impl Read + ReadTimeout),
    wanted: impl Fn(&[u8]) -> bool,
    within: Duration,
) -> std::io::Result<()> {
    let deadline = Instant::now() + within;
    let (mut received, mut piece) = (Vec::new(), [0; 65536]);
    while !wanted(&received) {
        let left = deadline.saturating_duration_since(Instant::now());
        stream.wait_at_most(left.max(Duration::from_millis(1)))?;
        match stream.read(&mut piece)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            count => received.extend_from_slice(&piece[..count]),
        }
    }
    std::io::stdout().write_all(&received)
}

trait ReadTimeout {
    fn wait_at_most(&self, time: Duration) -> std::io::Result<()>;
}
";

pub(super) const EXPECT_TCP: &str = r"
impl ReadTimeout for TcpStream {
    fn wait_at_most(&self, time: Duration) -> std::io::Result<()> {
        self.set_read_timeout(Some(time))
    }
}
";

pub(super) const EXPECT_UNIX: &str = r"
impl ReadTimeout for UnixStream {
    fn wait_at_most(&self, time: Duration) -> std::io::Result<()> {
        self.set_read_timeout(Some(time))
    }
}
";

pub(super) const EXPECT_DATAGRAM: &str = r"
/// Receives datagrams until one is what is wanted.
fn expect_datagram(
    socket: &UdpSocket,
    wanted: impl Fn(&[u8]) -> bool,
    within: Duration,
) -> std::io::Result<()> {
    let deadline = Instant::now() + within;
    let mut piece = [0; 65536];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        socket.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
        let (count, _) = socket.recv_from(&mut piece)?;
        std::io::stdout().write_all(&piece[..count])?;
        if wanted(&piece[..count]) {
            return Ok(());
        }
    }
}
";

pub(super) const HAS: &str = r"
/// Whether these bytes are somewhere in others.
fn has(data: &[u8], part: &[u8]) -> bool {
    part.is_empty() || data.windows(part.len()).any(|window| window == part)
}
";

pub(super) const VARIABLE: &str = r#"
/// A variable of the system.
fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}
"#;

pub(super) const ENCODED: &str = r#"
/// A text as a URL holds it.
fn encoded(text: &str) -> String {
    let sign = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(sign).collect()
}
"#;

pub(super) const IN_URL: &str = r#"
/// A text as it is put into a URL: only what cannot stand there at all is encoded.
fn in_url(text: &str) -> String {
    let sign = |byte: u8| match byte {
        b'#' => "%23".to_string(),
        b'!'..=b'~' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(sign).collect()
}
"#;

pub(super) const IN_JSON: &str = r#"
/// A text as a string of JSON holds it.
fn in_json(text: &str) -> String {
    let sign = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        '\u{0}'..='\u{1f}' => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    };
    text.chars().map(sign).collect()
}
"#;

//! Peers on loopback that do what a test says.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::thread;

use super::wait::PATIENCE;

/// A TCP peer on a port of its own that treats each connection as the script says.
pub fn tcp_peer(script: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let script = Arc::new(script);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = stream.set_read_timeout(Some(PATIENCE));
            let script = Arc::clone(&script);
            thread::spawn(move || script(stream));
        }
    });
    address
}

/// A TCP peer that sends back what it gets.
pub fn echo_peer() -> SocketAddr {
    tcp_peer(|mut stream| {
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = stream.read(&mut buffer) {
            if stream.write_all(&buffer[..read]).is_err() {
                return;
            }
        }
    })
}

/// An HTTP peer that reads a request's head and answers each with the same bytes.
pub fn http_peer(answer: &'static [u8]) -> SocketAddr {
    tcp_peer(move |mut stream| {
        if read_head(&mut stream).is_some() {
            let _ = stream.write_all(answer);
        }
    })
}

/// Reads up to and including the empty line, and the body its length announces.
pub fn read_head(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => request.push(byte[0]),
            _ => return None,
        }
    }
    let head = String::from_utf8_lossy(&request).to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    request.extend_from_slice(&body);
    Some(request)
}

/// A port that was free a moment ago, for programs that cannot say which one they took.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A UDP socket on a port of its own, with its address.
pub fn udp_peer() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    socket.set_read_timeout(Some(PATIENCE)).expect("a deadline");
    let address = socket.local_addr().expect("an address");
    (socket, address)
}

/// An HTTP peer that says what it was asked, and keeps its connections.
pub fn told_back() -> SocketAddr {
    tcp_peer(|mut stream| {
        while let Some(ask) = read_head(&mut stream) {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", ask.len());
            let _ = stream.write_all(&[head.as_bytes(), &ask].concat());
        }
    })
}

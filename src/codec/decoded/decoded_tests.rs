//! Each format with bytes of real programs, cut and broken ones, and any bytes at all.

use std::io::Write;

use proptest::prelude::*;

use super::*;
use crate::model::exchange::FieldLine;

/// An answer of DNS: an alias and an address, with names that point back.
const ANSWER: &str = "\
    1a2b8180000100020000000003777777076578616d706c6503636f6d0000010001c00c000500010000012c000603\
    776562c010c02d0001000100001c200004c0000207";
/// A query with options of EDNS.
const QUERY: &str = "\
    1a2b01200001000000000001076578616d706c6503636f6d000001000100002904d000008000000c000a00080001\
    020304050607";
/// What a printer tells everybody.
const MULTICAST: &str = "\
    000084000000000100000000077072696e746572056c6f63616c0000018001000000780004c0000209";
/// What Python says first to `api.example.com`.
const HELLO: &str = "\
    1603010200010001fc030335c856e6dfa62f8f83daf989ad54517beab1a517f068985a818a3ffe9c5bdd7f20074f\
    16fee0e7b794e4bb4c31178c013102d5eab93a6ddf4011509765025061460024130213031301c02cc030c02bc02f\
    cca9cca8c024c028c023c027009f009e006b006700ff0100018f00000014001200000f6170692e6578616d706c65\
    2e636f6d000b000403000102000a00160014001d0017001e0019001801000101010201030104002300000010000e\
    000c02683208687474702f312e310016000000170000000d002a0028040305030603080708080809080a080b0804\
    08050806040105010601030303010302040205020602002b00050403040303002d00020101003300260024001d00\
    20f77f20e9662c9b0fc92e7a61329e3d52e62c71bfd009736815bbcebafb9e6602001500cc000000000000000000\
    00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
    00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
    00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
    00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
    0000000000000000000000";
/// The answer to a binding request.
const STUN: &str = "\
    0101000c2112a442000102030405060708090a0b002000080001f523e112a643";
/// The answer of a server.
const NTP: &str = "\
    240206e90000010000000200c0000205e8fe6f8080000000e8fe6f8080000000e8fe6f8080000000e8fe6f808000\
    0000";

const STREAM: DecodeHints<'static> = DecodeHints {
    datagrams: false,
    ports: [Some(40000), Some(9000), None],
    exchanges: false,
    is_upgraded: false,
    frames: &[],
    content_type: None,
    head: &[],
};
const DATAGRAM: DecodeHints<'static> = DecodeHints { datagrams: true, ..STREAM };

fn at(port: u16, hints: DecodeHints<'static>) -> DecodeHints<'static> {
    DecodeHints { ports: [Some(40000), Some(port), None], ..hints }
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pair = |it: &[u8]| u8::from_str_radix(std::str::from_utf8(it).unwrap(), 16).unwrap();
    digits.chunks(2).map(pair).collect()
}

fn known(bytes: &[u8], hints: &DecodeHints<'_>) -> DecodedMessage {
    decoded(bytes, hints).unwrap_or_else(|| panic!("unknown: {}", String::from_utf8_lossy(bytes)))
}

/// Rows as they are shown: two blanks a level, name and value.
fn shown(message: &DecodedMessage) -> Vec<String> {
    let row =
        |row: &DecodedRow| format!("{}{}: {}", "  ".repeat(row.depth.into()), row.label, row.value);
    message.rows.iter().map(row).collect()
}

fn value<'a>(message: &'a DecodedMessage, label: &str) -> &'a str {
    let found = message.rows.iter().find(|row| row.label == label);
    &found.unwrap_or_else(|| panic!("{label} in {:#?}", shown(message))).value
}

fn flaws(message: &DecodedMessage) -> Vec<&str> {
    message.rows.iter().filter(|row| row.is_flaw).map(|row| row.value.as_str()).collect()
}

#[test]
fn an_answer_of_dns_tells_its_records_and_where_each_field_stands() {
    let message = known(&bytes(ANSWER), &DATAGRAM);
    assert_eq!(message.name, "DNS response");
    assert_eq!(message.line, "DNS response A www.example.com → CNAME web.example.com, 192.0.2.7");
    assert_eq!(value(&message, "answer 2"), "web.example.com A 192.0.2.7");
    assert_eq!(value(&message, "set"), "RD recursion desired, RA recursion available");
    let ttls: Vec<_> = message.rows.iter().filter(|row| row.label == "TTL").collect();
    assert_eq!(ttls[1].value, "7200 s (2 h 0 min)");
    assert_eq!(&bytes(ANSWER)[ttls[1].at.clone()], &7200u32.to_be_bytes());
    assert_eq!(flaws(&message), [""; 0]);
}

#[test]
fn options_of_edns_are_no_record_like_others() {
    let message = known(&bytes(QUERY), &DATAGRAM);
    assert_eq!(message.line, "DNS query A example.com");
    assert_eq!(value(&message, "additional 1"), "EDNS, UDP up to 1232 bytes");
    assert_eq!(value(&message, "cookie"), "00 01 02 03 04 05 06 07");
}

#[test]
fn dns_over_tcp_stands_behind_its_length() {
    let query = bytes(QUERY);
    let framed = [&(query.len() as u16).to_be_bytes()[..], &query].concat();
    let message = known(&framed, &STREAM);
    assert_eq!(message.line, "DNS query A example.com");
    let id = message.rows.iter().find(|row| row.label == "id").unwrap();
    assert_eq!(id.at, 2..4, "places are those of the record");
    let cut = &framed[..20];
    assert_eq!(decoded(cut, &STREAM), None, "half of one is believed where a port says so");
    let message = known(cut, &at(53, STREAM));
    assert_eq!(flaws(&message)[0], "34 bytes of it are not in this record");
}

#[test]
fn mdns_has_a_name_of_its_own_and_its_bit_is_no_class() {
    let message = known(&bytes(MULTICAST), &at(5353, DATAGRAM));
    assert_eq!(message.line, "mDNS response → A printer.local 192.0.2.9");
    assert_eq!(value(&message, "class"), "IN, replaces what was known");
    // Who asks may have any port, also that of another protocol.
    let ports =
        |client, server| DecodeHints { ports: [Some(client), Some(server), None], ..DATAGRAM };
    for (client, server, name) in
        [(5353, 53, "DNS query"), (5355, 53, "DNS query"), (50_000, 5355, "LLMNR query")]
    {
        assert_eq!(known(&bytes(QUERY), &ports(client, server)).name, name);
    }
}

#[test]
fn names_that_point_in_a_circle_and_lengths_beyond_the_end_are_told() {
    let round = b"\0\x01\x01\0\0\x01\0\0\0\0\0\0\x01a\xc0\x0c\0\x01\0\x01";
    assert_eq!(decoded(round, &DATAGRAM), None);
    let message = known(round, &at(53, DATAGRAM));
    assert!(flaws(&message)[0].contains("circle"), "{:?}", flaws(&message));
    let mut cut = bytes(ANSWER);
    cut.truncate(cut.len() - 2);
    let message = known(&cut, &at(53, DATAGRAM));
    assert_eq!(flaws(&message), ["the record says 4 bytes of data, 2 are there"]);
    assert_eq!(value(&message, "answer 1"), "www.example.com CNAME web.example.com");
}

#[test]
fn a_request_is_told_with_its_fields_and_its_body_in_turn() {
    let request = b"POST /login?x=1 HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n\
        Content-Length: 14\r\n\r\n{\"user\":\"a b\"}";
    let message = known(request, &STREAM);
    assert_eq!(message.line, "HTTP/1.1 request POST /login?x=1");
    assert_eq!(value(&message, "target"), "/login?x=1");
    assert_eq!(value(&message, "body"), "14 bytes, JSON");
    let user = message.rows.iter().find(|row| row.label == "user").unwrap();
    assert_eq!(&request[user.at.clone()], b"\"user\":\"a b\"");
    assert_eq!(user.value, "a b");
}

#[test]
fn a_head_of_an_exchange_misses_no_body() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n";
    let exchange = DecodeHints { exchanges: true, ..STREAM };
    assert_eq!(flaws(&known(head, &exchange)), [""; 0]);
    assert_eq!(flaws(&known(head, &STREAM)), ["30 of 30 bytes are missing in this record"]);
}

#[test]
fn chunks_and_codings_are_taken_off_before_the_body_is_told() {
    let packed = gzip(b"name=J%C3%BCrgen&city=S%C3%A3o+Paulo");
    let mut answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\
        Content-Type: application/x-www-form-urlencoded\r\n\r\n"
        .to_vec();
    let head = answer.len();
    write!(answer, "{:x}\r\n", packed.len()).unwrap();
    answer.extend_from_slice(&packed);
    answer.extend_from_slice(b"\r\n0\r\n\r\n");
    let message = known(&answer, &STREAM);
    assert_eq!(value(&message, "body"), "in chunks, 36 bytes of form, 2 fields inside");
    assert_eq!((value(&message, "name"), value(&message, "city")), ("Jürgen", "São Paulo"));
    let name = message.rows.iter().find(|row| row.label == "name").unwrap();
    assert_eq!(name.at, head..answer.len(), "what was packed is where the package is");
    answer.truncate(head + 20);
    assert!(flaws(&known(&answer, &STREAM)).iter().any(|why| why.contains("in this record")));
}

#[test]
fn a_head_that_is_cut_and_messages_after_each_other_are_told_as_far_as_they_go() {
    let message = known(b"GET / HTTP/1.1\r\nHost: h\r\nAcc", &STREAM);
    assert_eq!(value(&message, "Host"), "h");
    assert_eq!(flaws(&message), ["the end of the head is not in this record"]);
    let two = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n";
    let message = known(two, &STREAM);
    assert_eq!(message.name, "2 messages, the first HTTP/1.1 request");
    assert_eq!(message.rows.iter().filter(|row| row.label == "request").count(), 2);
}

#[test]
fn json_has_a_row_for_each_value_and_says_where_it_breaks() {
    let text = br#"{"a":[1,{"b":"x\ty"}],"c":{}, "d":null}"#;
    let message = known(text, &STREAM);
    let expected = [
        "value: {3 fields}",
        "  a: [2 values]",
        "    [0]: 1",
        "    [1]: {1 field}",
        "      b: x\ty",
        "  c: {0 fields}",
        "  d: null",
    ];
    assert_eq!(shown(&message), expected);
    assert_eq!(&text[message.rows[1].at.clone()], br#""a":[1,{"b":"x\ty"}]"#);
    let message = known(br#"{"a":[1,"#, &STREAM);
    assert_eq!(flaws(&message).len(), 1);
    assert_eq!(known(b"{\"a\":1}\n{\"a\":2}\n", &STREAM).name, "JSON Lines, 2 values");
    assert_eq!(decoded(b"[INFO] started", &STREAM), None);
}

#[test]
fn what_is_packed_is_unpacked_as_far_as_the_bound_goes() {
    let message = known(&gzip(br#"{"a":[1,2]}"#), &STREAM);
    assert_eq!(message.name, "gzip, 11 bytes of JSON inside");
    let zstd = zstd::encode_all(&b"plain words"[..], 3).unwrap();
    assert_eq!(known(&zstd, &STREAM).name, "zstd, 11 bytes of text inside");
    let bomb = gzip(&vec![b'a'; 40 * 1024 * 1024]);
    let message = known(&bomb, &STREAM);
    assert_eq!(message.name, "gzip, more than 262,144 bytes of text inside");
    let cut = gzip(&(0..4000u32).flat_map(u32::to_be_bytes).collect::<Vec<_>>());
    let message = known(&cut[..cut.len() / 2], &STREAM);
    assert!(flaws(&message).iter().any(|why| why.contains("not in this record")), "{message:?}");
    assert_eq!(flaws(&known(b"\x1f\x8b\x08\0no gzip at all", &STREAM)).len(), 1);
}

#[test]
fn a_hello_of_tls_tells_whom_it_is_for_and_what_it_offers() {
    let hello = bytes(HELLO);
    let message = known(&hello, &STREAM);
    assert_eq!(message.line, "TLS ClientHello api.example.com TLS 1.3 ALPN h2, http/1.1");
    assert_eq!(value(&message, "ALPN"), "h2, http/1.1");
    assert!(value(&message, "versions").contains("TLS 1.3, TLS 1.2"));
    let shown = shown(&message).join("\n");
    assert!(shown.contains("AES_256_GCM_SHA384") && shown.contains("x25519"), "{shown}");
    let cut = known(&hello[..200], &STREAM);
    assert!(!flaws(&cut).is_empty());
    let alert = known(b"\x15\x03\x03\0\x02\x02\x30", &STREAM);
    assert!(alert.line.starts_with("TLS Alert fatal: unknown CA"), "{}", alert.line);
    let data = known(b"\x17\x03\x03\0\x03abc\x17\x03\x03\0\x01x", &STREAM);
    assert_eq!(data.line, "TLS ApplicationData, 3 bytes, …");
}

#[test]
fn frames_of_websocket_lose_their_mask() {
    let frame = bytes("81850102030469676f686e");
    let message = known(&frame, &STREAM);
    assert_eq!(message.line, "WebSocket text hello");
    let close = known(&bytes("880503e9627965"), &STREAM);
    assert_eq!(close.line, "WebSocket close 1001 going away");
    assert_eq!(value(&close, "reason"), "bye");
    assert_eq!(decoded(&frame, &DATAGRAM), None, "there are none in datagrams");
    assert_eq!(decoded(&frame[..9], &STREAM), None, "half a frame is anything");
    let binary = bytes("820200ff");
    assert_eq!(decoded(&binary, &STREAM), None, "two bytes of anything look so");
    let upgraded = DecodeHints { is_upgraded: true, ..STREAM };
    assert_eq!(known(&binary, &upgraded).line, "WebSocket binary, 2 bytes");
}

#[test]
fn packets_of_mqtt_tell_client_topic_and_message() {
    let connect = known(&bytes("101500044d51545404c2003c0003646576000175000170"), &STREAM);
    assert_eq!(connect.line, "MQTT CONNECT 3.1.1 client dev");
    assert_eq!(value(&connect, "keep alive"), "60 s");
    let publish = bytes("32110005612f622f6300077b2274223a32317d");
    assert_eq!(decoded(&publish, &STREAM), None, "two bytes are no sign without a port");
    let message = known(&publish, &at(1883, STREAM));
    assert_eq!(message.line, "MQTT PUBLISH a/b/c QoS 1, 8 bytes");
    assert_eq!(value(&message, "t"), "21");
    let subscribe = known(&bytes("820800010003612f2301"), &at(1883, STREAM));
    assert_eq!(value(&subscribe, "topic"), "a/# QoS 1");
    let cut = known(&publish[..12], &at(1883, STREAM));
    assert!(!flaws(&cut).is_empty());
}

#[test]
fn stun_and_ntp_tell_address_and_time() {
    let message = known(&bytes(STUN), &DATAGRAM);
    assert_eq!(message.line, "STUN binding success 192.0.2.1:54321");
    let message = known(&bytes(NTP), &at(123, DATAGRAM));
    assert_eq!(message.line, "NTP server stratum 2 2023-11-14 22:13:20.500000Z");
    assert_eq!(decoded(&bytes(NTP), &DATAGRAM), None);
}

#[test]
fn syslog_is_told_in_both_its_forms() {
    let new = b"<34>1 2003-10-11T22:14:15.003Z mymachine su - ID47 [x@1 a=\"b ] c\"][y] it failed";
    let message = known(new, &DATAGRAM);
    assert_eq!(value(&message, "syslog"), "auth.critical");
    assert_eq!(value(&message, "structured data"), "[x@1 a=\"b ] c\"][y]");
    assert_eq!(value(&message, "message"), "it failed");
    let old = b"<13>Oct 11 22:14:15 box su[12]: it failed";
    let message = known(old, &DATAGRAM);
    assert_eq!((value(&message, "program"), value(&message, "message")), ("su[12]", "it failed"));
    assert_eq!(decoded(b"<13>anything", &DATAGRAM), None);
}

#[test]
fn forms_parts_markup_tokens_and_base64_are_told_in_text() {
    let message = known(b"a=1&b=x%20y+z", &STREAM);
    assert_eq!((message.name.as_str(), value(&message, "b")), ("form, 2 fields", "x y z"));
    assert_eq!(decoded(b"a = 1 & b", &STREAM), None);
    let parts = b"--XyZ12\r\nContent-Disposition: form-data; name=\"f\"\r\n\
        Content-Type: application/json\r\n\r\n{\"k\":1}\r\n--XyZ12--\r\n";
    let message = known(parts, &STREAM);
    assert_eq!(value(&message, "part 1"), "f\" 7 bytes, JSON".replace('"', ""));
    assert_eq!(value(&message, "k"), "1");
    let message = known(b"<?xml version=\"1.0\"?><a><b>t</b></a>", &STREAM);
    assert_eq!(message.name, "XML");
    assert!(message.rows.iter().any(|row| row.depth == 1 && row.value.contains("<b>")));
    let token = b"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm5hIn0.c2ln";
    let message = known(token, &STREAM);
    assert_eq!((value(&message, "alg"), value(&message, "sub")), ("HS256", "anna"));
    assert!(message.name.contains("not verified"));
    let message = known(b"eyJhIjogMSwgImIiOiBbMSwgMiwgM119Cg==", &STREAM);
    assert_eq!(value(&message, "a"), "1");
    assert_eq!(decoded(b"just some words", &STREAM), None);
}

#[test]
fn a_list_tells_what_is_no_text_in_one_line_and_leaves_text_alone() {
    assert_eq!(line(&bytes(QUERY), &DATAGRAM).as_deref(), Some("DNS query A example.com"));
    assert_eq!(line(b"GET / HTTP/1.1\r\n\r\n", &STREAM), None);
    assert_eq!(line(&[0xff; 40], &DATAGRAM), None);
}

#[test]
fn rows_end_at_their_bound_and_say_so() {
    let many = format!("[{}1]", "1,".repeat(5000));
    let message = known(many.as_bytes(), &STREAM);
    assert_eq!(message.rows.len(), sheet::ROWS);
    assert!(flaws(&message)[0].contains("only the first"));
    let deep = "[".repeat(5000);
    assert!(
        known(
            &[b"[1,", deep.as_bytes()].concat(),
            &DecodeHints { content_type: Some("application/json"), ..STREAM }
        )
        .rows
        .len()
            < 300
    );
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// Bytes that begin as those of some format do, with some of them changed.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let publish = bytes("32110005612f622f6300077b2274223a32317d");
    let seeds = [ANSWER, QUERY, MULTICAST, HELLO, STUN, NTP].map(bytes).into_iter().chain([
        publish,
        bytes("81850102030469676f686e"),
        gzip(b"{\"a\":[1,2,{\"b\":null}]}"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n".to_vec(),
        b"<34>1 2003-10-11T22:14:15.003Z m su - ID47 [x@1 a=\"b\"] it".to_vec(),
        b"--XyZ12\r\nContent-Type: a/b\r\n\r\nx\r\n--XyZ12--\r\n".to_vec(),
        b"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm5hIn0.c2ln".to_vec(),
        b"<a x='1'><b>t</b><!-- c --></a>".to_vec(),
        b"a=1&b=x%20y+z%".to_vec(),
        bytes(HTTP2),
    ]);
    let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6);
    (prop::sample::select(seeds.collect::<Vec<_>>()), changes, any::<prop::sample::Index>())
        .prop_map(|(mut seed, changes, end)| {
            for (at, byte) in changes {
                let at = at.index(seed.len());
                seed[at] = byte;
            }
            seed.truncate(end.index(seed.len()) + 1);
            seed
        })
}

#[test]
fn a_body_that_stands_without_the_coding_of_its_head_is_told_as_it_is() {
    for framing in ["Content-Length: 5", "Transfer-Encoding: chunked"] {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: br\r\n{framing}\r\n\r\n"
        );
        let hints = DecodeHints { exchanges: true, ..STREAM };
        let message = known(&[head.as_bytes(), b"{\"a\":12345}"].concat(), &hints);
        assert!(value(&message, "body").starts_with("11 bytes, JSON, without"), "{message:?}");
        assert_eq!(value(&message, "a"), "12345");
        assert!(flaws(&message).is_empty(), "{message:?}");
    }
    // Cut behind the length of a chunk, it is a chunk.
    let head = b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nTransfer-Encoding: chunked\r\n\r\n";
    let cut = known(&[&head[..], b"1f4\r\n"].concat(), &STREAM);
    assert!(!format!("{cut:?}").contains("without the framing"), "{cut:?}");
}

#[test]
fn a_piece_of_a_body_is_told_by_the_head_that_came_before() {
    let told = |fields: &[(&'static str, &'static str)], piece: &[u8]| {
        let field = |(name, value): &(&'static str, &'static str)| FieldLine {
            name: bytes::Bytes::from_static(name.as_bytes()),
            value: bytes::Bytes::from_static(value.as_bytes()),
        };
        let head: Vec<FieldLine> = fields.iter().map(field).collect();
        decoded(piece, &DecodeHints { head: &head, ..STREAM })
    };
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let of_form = told(&form, b"name=Ann+B").unwrap();
    assert_eq!(of_form.name, "body: form, 1 field");
    assert_eq!(of_form.rows[0].value, "Ann B");
    let json = [("content-type", "application/json"), ("transfer-encoding", "chunked")];
    let in_chunks = told(&json, b"d\r\n{\"a\":[1,2,3]}\r\n").unwrap();
    assert_eq!(in_chunks.name, "body in chunks: JSON");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(b"<a><b>1</b></a>").unwrap();
    let xml = [("Content-Type", "text/xml"), ("Content-Encoding", "gzip")];
    let inside = told(&xml, &packed.finish().unwrap()).unwrap();
    assert_eq!(inside.name, "body: 15 bytes of XML inside");
    // What goes on in the middle, the rest of a head, and what nobody knows.
    for piece in [&b"3,4],\"b\":2}"[..], b"on/json\r\nServer: a\r\n\r\n", b"plain words"] {
        assert_eq!(told(&json, piece), None, "{}", piece.escape_ascii());
    }
    assert_eq!(told(&form, b"-urlencoded\r\nServer: a=1\r\n\r\n"), None);
    // A message that begins is told by its own head.
    let next = told(&form, b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    assert_eq!(next.name, "HTTP/1.1 request");
}

fn any_hints() -> impl Strategy<Value = DecodeHints<'static>> {
    let port = prop::sample::select(vec![53, 123, 514, 1883, 5353, 9000]);
    let kinds = vec![
        None,
        Some("application/json"),
        Some("multipart/form-data; boundary=XyZ12"),
        Some("text/xml"),
    ];
    (any::<bool>(), port, prop::sample::select(kinds)).prop_map(
        |(datagrams, port, content_type)| DecodeHints {
            datagrams,
            content_type,
            ..at(port, STREAM)
        },
    )
}

proptest! {
    #![proptest_config(crate::property_tests::config())]

    #[test]
    fn whatever_the_bytes_are_rows_stand_in_the_record(
        bytes in prop_oneof![hostile(), prop::collection::vec(any::<u8>(), 0..200)],
        hints in any_hints(),
    ) {
        let _ = line(&bytes, &hints);
        if let Some(message) = decoded(&bytes, &hints) {
            prop_assert!(message.rows.len() <= sheet::ROWS && !message.name.is_empty());
            for row in &message.rows {
                prop_assert!(row.at.start <= row.at.end && row.at.end <= bytes.len(), "{row:?} of {}", bytes.len());
            }
        }
    }
}

/// What curl says first over HTTP/2: preface, settings, window, and a request.
const HTTP2: &str = "\
    505249202a20485454502f322e300d0a0d0a534d0d0a0d0a00001204000000000000030000006400040200000000\
    020000000000000408000000000001ff000100001a010500000001828487418b089d5c0b8170dc0bc0781f7a0378\
    2f3153032a2f2a";

fn frames() -> Vec<u8> {
    bytes(HTTP2)
}

const EXCHANGES: DecodeHints<'static> = DecodeHints { exchanges: true, ..STREAM };

#[test]
fn what_a_client_of_http2_says_first_is_told_frame_by_frame() {
    let message = known(&frames(), &STREAM);
    assert_eq!(message.line, "HTTP/2 preface, 3 frames in all");
    let named: Vec<_> = message.rows.iter().filter(|row| row.label == "frame").collect();
    assert!(named[0].value.starts_with("SETTINGS MAX_CONCURRENT_STREAMS=100"), "{named:?}");
    assert_eq!(named[1].value, "WINDOW_UPDATE +33,488,897");
    assert_eq!(named[2].value, "HEADERS stream 1 GET /");
    assert_eq!(value(&message, "INITIAL_WINDOW_SIZE"), "33,554,432");
    assert_eq!(value(&message, ":scheme"), "https");
    assert_eq!(value(&message, ":authority"), "127.0.0.1:18080");
    assert_eq!(value(&message, "accept"), "*/*");
    let accept = message.rows.iter().find(|row| row.label == "accept").unwrap();
    assert_eq!(&frames()[accept.at.clone()][2..], b"*/*", "places are those of the record");
    assert_eq!(flaws(&message), [""; 0]);
}

#[test]
fn frames_of_http2_alone_are_believed_where_the_connection_speaks_http() {
    let frame = |kind: u8, flags: u8, stream: u32, payload: &[u8]| {
        let length = (payload.len() as u32).to_be_bytes();
        [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
    };
    let line = |bytes: &[u8]| known(bytes, &EXCHANGES).line;
    assert_eq!(line(&frame(0, 1, 1, b"hello")), "HTTP/2 DATA stream 1 5 bytes, the last");
    assert_eq!(line(&frame(3, 0, 5, &[0, 0, 0, 7])), "HTTP/2 RST_STREAM stream 5 REFUSED_STREAM");
    assert_eq!(line(&frame(4, 1, 0, b"")), "HTTP/2 SETTINGS ACK");
    let away = [&[0, 0, 0, 1][..], &[0, 0, 0, 11], b"calm"].concat();
    let away = frame(7, 0, 0, &away);
    assert_eq!(line(&away), "HTTP/2 GOAWAY ENHANCE_YOUR_CALM, last stream 1");
    assert_eq!(value(&known(&away, &EXCHANGES), "debug data"), "calm");
    assert_eq!(decoded(&away, &STREAM).map(|it| it.name), None);
    // ":status: 200" and a field of the table that was said in another record.
    let answer = known(&frame(1, 4, 1, &[0x88, 0xbe]), &EXCHANGES);
    assert_eq!(answer.line, "HTTP/2 HEADERS stream 1 200");
    assert!(answer.rows.iter().any(|row| row.value.contains("entry 62 of the table")));
    let cut = frame(0, 0, 1, &[b'x'; 50]);
    assert_eq!(flaws(&known(&cut[..20], &EXCHANGES)), ["39 bytes are not in this record"]);
    let padded = frame(0, 8, 1, &[9, b'x']);
    assert!(flaws(&known(&padded, &EXCHANGES))[0].contains("padding"));
}

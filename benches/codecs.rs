//! Codec benchmarks: what has to keep up with a body while it arrives, and what a frame costs.
//!
//! `cargo bench --bench codecs`; throughput is printed per second of input.
#![allow(missing_docs, reason = "criterion's macros make undocumented functions")]

use std::fmt::Write;
use std::hint::black_box;
use std::io::{Read as _, Write as _};

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use wirebench::codec::content_coding::{ContentDecoder, PIECE};
use wirebench::codec::lines::{JsonCheck, LineScanner};
use wirebench::codec::printable::printable;
use wirebench::model::view::ViewMode;

const SIZE: usize = 32 << 20;

/// An array of records as an API sends them, on one line or indented.
fn json(size: usize, newline: &str) -> Vec<u8> {
    let mut out = String::from("[");
    let mut id = 0;
    while out.len() < size {
        let comma = if id == 0 { "" } else { "," };
        let _ = write!(
            out,
            "{comma}{newline}{{\"id\":{id},{newline}\"name\":\"Ann \\\"Bo\\\" {id}\",{newline}\
             \"tags\":[\"a\",\"b\"],{newline}\"text\":\"the quick brown fox jumps over\",{newline}\
             \"active\":true,\"score\":{}.25}}",
            id % 97
        );
        id += 1;
    }
    out.push(']');
    out.into_bytes()
}

fn scan(mode: ViewMode, body: &[u8]) -> u64 {
    let (mut scanner, mut lines) = (LineScanner::new(mode), 0);
    for chunk in body.chunks(256 << 10) {
        scanner.scan(chunk, |_| lines += 1).expect("the body is valid");
    }
    lines
}

fn lines(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("lines");
    group.sample_size(10).throughput(Throughput::Bytes(SIZE as u64));
    let (minified, indented) = (json(SIZE, ""), json(SIZE, "\n    "));
    let strings = [b"[\"", &b"x".repeat(SIZE)[..], b"\"]"].concat();
    let cases = [
        ("pretty, minified", ViewMode::Pretty, &minified),
        ("pretty, indented", ViewMode::Pretty, &indented),
        ("pretty, one string", ViewMode::Pretty, &strings),
        ("text", ViewMode::Text, &indented),
    ];
    for (name, mode, body) in cases {
        group.bench_function(name, |bench| bench.iter(|| scan(mode, black_box(body))));
    }
    for (name, body) in [("check, minified", &minified), ("check, indented", &indented)] {
        group.bench_function(name, |bench| {
            bench.iter(|| {
                let mut check = JsonCheck::default();
                black_box(body).chunks(256 << 10).for_each(|chunk| check.push(chunk));
                assert_eq!((check.flaw(), check.unfinished()), (None, None));
            });
        });
    }
    group.finish();

    let checkpoint = LineScanner::new(ViewMode::Pretty);
    criterion.bench_function("format 50 rows after 64 KiB", |bench| {
        let body = &minified[..65_536 + 8192];
        bench.iter(|| checkpoint.format(black_box(body), 4500, 50));
    });
}

fn decoding(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("content coding");
    group.sample_size(10).throughput(Throughput::Bytes(SIZE as u64));
    let body = json(SIZE, "");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&body).expect("writing to memory");
    let gzip = encoder.finish().expect("writing to memory");
    let zstd = zstd::encode_all(&body[..], 1).expect("writing to memory");
    for (name, encoded) in [("gzip", &gzip), ("zstd", &zstd)] {
        let pieces: Vec<Bytes> = encoded.chunks(64 << 10).map(Bytes::copy_from_slice).collect();
        group.bench_function(name, |bench| {
            bench.iter(|| {
                let mut pieces = pieces.clone().into_iter();
                let pull = move || Ok(pieces.next());
                let mut decoder =
                    ContentDecoder::pulling(&[name.to_owned()], pull).expect("a known coding");
                let (mut buffer, mut length) = (vec![0; PIECE], 0);
                while let read @ 1.. = decoder.read(&mut buffer).expect("the data is valid") {
                    length += read;
                }
                length
            });
        });
    }
    group.finish();
}

fn screen(criterion: &mut Criterion) {
    let plain = b"2024-05-01 12:00:00 INFO a line of plain text as logs have it".repeat(4);
    let mixed = "Gr\u{fc}\u{df}e \x1b[31m \u{202e} \t\0 ".repeat(16).into_bytes();
    criterion.bench_function("printable, plain line", |b| b.iter(|| printable(black_box(&plain))));
    criterion.bench_function("printable, mixed line", |b| b.iter(|| printable(black_box(&mixed))));
}

criterion_group!(benches, lines, decoding, screen);
criterion_main!(benches);

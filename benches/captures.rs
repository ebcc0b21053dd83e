//! How fast traffic becomes a capture, and a capture traffic again.
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench has no callers and may stop")]

use std::hint::black_box;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use wirebench::interop::pcap::{CaptureBatch, CaptureReader};
use wirebench::interop::pcapng::PcapngWriter;
use wirebench::model::id::SessionId;
use wirebench::model::protocol::{Protocol, Side};
use wirebench::model::record::{ConnInfo, Direction, Record, RecordKind};
use wirebench::model::timing::Stamp;

/// Bytes of payload in one run.
const SIZE: usize = 16 << 20;

fn info() -> ConnInfo {
    ConnInfo {
        local: Some("127.0.0.1:9000".parse().unwrap()),
        peer: Some("127.0.0.1:50000".parse().unwrap()),
        ..ConnInfo::new(SessionId(1).conn(1), Protocol::Tcp, Side::Listener)
    }
}

fn records(len: usize) -> Vec<Record> {
    let bytes = Bytes::from(vec![b'x'; SIZE]);
    let record = |at: usize| {
        let (way, kind) = (Direction::Received, RecordKind::Data);
        let data = bytes.slice(at * len..(at + 1) * len);
        Record::new(Stamp(at as u64 * 1000), info().id, way, kind, data)
    };
    (0..SIZE / len).map(record).collect()
}

fn written(records: &[Record]) -> Vec<u8> {
    let mut writer = PcapngWriter::new();
    writer.conn(&info());
    let mut file = Vec::new();
    for batch in records.chunks(512) {
        for record in batch {
            writer.record(record, &[]);
        }
        file.extend_from_slice(&writer.take());
    }
    file
}

fn captures(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("captures");
    group.throughput(Throughput::Bytes(SIZE as u64)).sample_size(20);
    for len in [150, 1500, 65_536] {
        let records = records(len);
        group.bench_function(format!("pcapng of {len} byte records"), |bencher| {
            bencher.iter(|| {
                let mut writer = PcapngWriter::new();
                writer.conn(&info());
                for batch in records.chunks(512) {
                    for record in batch {
                        writer.record(record, &[]);
                    }
                    black_box(writer.take());
                }
            });
        });
        let file = written(&records);
        group.bench_function(format!("reading pcapng of {len} byte records"), |bencher| {
            bencher.iter(|| {
                let mut reader = CaptureReader::new(SessionId(1));
                for piece in file.chunks(64 * 1024) {
                    let mut out = CaptureBatch::default();
                    reader.push(piece, &mut out, &mut |_| {}).unwrap();
                    black_box(out);
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, captures);
criterion_main!(benches);

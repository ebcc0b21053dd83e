//! Files of a workspace, read and parsed by several threads: of a thousand presets that is most of what a scan takes.
//!
//! Called by the scan, which enters what was read in the order of the files; what is not read ahead it reads itself.

use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use super::walk::FoundFile;
use super::{read_bytes, stored};
use crate::model::failure::Failure;
use crate::model::preset::StoredPreset;
use crate::store::job::FolderDefaults;

/// Files that are read ahead together.
pub(super) const TOGETHER: usize = 512;
/// Those that are read first: what a screen has room for, so that something is on it soon.
pub(super) const FIRST: usize = 64;
/// Fewer are not worth a thread.
const FEW: usize = 32;
/// Threads that read at most, this one included.
const THREADS: usize = 4;

/// A file as it was read.
pub(super) enum FileContent {
    /// A preset of so many bytes.
    Preset(Box<StoredPreset>, u64),
    /// Anything else, a name that none can have included.
    Other(Result<Vec<u8>, Failure>),
}

impl FileContent {
    /// Reads it.
    pub(super) fn of(file: &FoundFile, defaults: &[FolderDefaults]) -> Self {
        let bytes = read_bytes(&file.path);
        let Some(path) = file.preset_path() else { return FileContent::Other(bytes) };
        let bytes = bytes.map_err(|failure| Failure { target: file.name.clone(), ..failure });
        let len = bytes.as_ref().map_or(0, Vec::len) as u64;
        FileContent::Preset(Box::new(stored(&path, bytes, defaults)), len)
    }

    /// Bytes it has.
    pub(super) fn len(&self) -> u64 {
        match self {
            FileContent::Preset(_, len) => *len,
            FileContent::Other(bytes) => bytes.as_ref().map_or(0, Vec::len) as u64,
        }
    }
}

/// Reads these, in their order, presets over these defaults; `None` = not that one, as there would be more than about so
/// many bytes, or it would be later than that.
pub(super) fn read(
    files: &[FoundFile],
    defaults: &[FolderDefaults],
    bytes: u64,
    until: Instant,
) -> Vec<Option<FileContent>> {
    let spent = AtomicU64::new(0);
    let one = |file: &FoundFile| {
        if spent.load(Ordering::Relaxed) > bytes || Instant::now() > until {
            return None;
        }
        let content = FileContent::of(file, defaults);
        spent.fetch_add(content.len(), Ordering::Relaxed);
        Some(content)
    };
    let part = |files: &[FoundFile]| -> Vec<_> { files.iter().map(&one).collect() };
    let part = &part;
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(THREADS);
    let share = files.len().div_ceil(threads).max(FEW);
    thread::scope(|scope| {
        let mut parts = files.chunks(share);
        let own = parts.next().unwrap_or_default();
        let others = parts.map(|files| {
            let thread = thread::Builder::new().name("presets".into());
            (files, thread.spawn_scoped(scope, move || part(files)))
        });
        let others: Vec<_> = others.collect();
        let mut read = part(own);
        for (files, thread) in others {
            // Where there is no thread to be had, or it came to grief, it is done here.
            let done = thread.ok().and_then(|thread| thread.join().ok());
            read.extend(done.unwrap_or_else(|| part(files)));
        }
        read
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::time::Duration;

    use super::super::walk::DEFAULTS;
    use super::*;

    /// What was read of each, in short.
    fn told(contents: &[Option<FileContent>]) -> Vec<String> {
        let one = |content: &Option<FileContent>| match content {
            Some(FileContent::Preset(preset, len)) => {
                format!("{} {len} {}", preset.path, preset.content.is_ok())
            }
            Some(FileContent::Other(bytes)) => {
                format!("other {:?}", bytes.as_ref().map(Vec::len).ok())
            }
            None => "unread".to_owned(),
        };
        contents.iter().map(one).collect()
    }

    fn found(root: &Path, name: &str) -> FoundFile {
        FoundFile { name: name.into(), path: root.join(name), version: None }
    }

    #[test]
    fn many_files_are_read_in_their_order_whoever_reads_them() {
        let root = tempfile::tempdir().unwrap();
        let names = (0..400).map(|number| match number % 50 {
            7 => format!("f{number}/{DEFAULTS}"),
            _ => format!("p{number}.toml"),
        });
        let mut files: Vec<FoundFile> = names.map(|name| found(root.path(), &name)).collect();
        for (number, file) in files.iter().enumerate() {
            fs::create_dir_all(file.path.parent().unwrap()).unwrap();
            let text = if number % 3 == 0 { "[http" } else { "[http]\nurl = \"http://a/\"\n" };
            fs::write(&file.path, text).unwrap();
        }
        files.push(found(root.path(), "gone.toml"));
        let alone: Vec<_> = files.iter().map(|file| Some(FileContent::of(file, &[]))).collect();
        let until = Instant::now() + Duration::from_secs(60);
        assert_eq!(told(&read(&files, &[], u64::MAX, until)), told(&alone));
        assert_eq!(told(&alone)[0], "p0 5 false");
        assert_eq!(told(&alone)[7], "other Some(25)");
        assert_eq!(told(&alone)[400], "gone 0 false");
    }

    #[test]
    fn beyond_its_bytes_and_its_time_nothing_is_read_ahead() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("a.toml"), "[http]\n").unwrap();
        let files = vec![found(root.path(), "a.toml"); 3];
        let now = Instant::now();
        let later = now + Duration::from_secs(60);
        assert_eq!(told(&read(&files, &[], 8, later)), ["a 7 true", "a 7 true", "unread"]);
        assert_eq!(told(&read(&files, &[], 8, now)), ["unread"; 3]);
    }
}

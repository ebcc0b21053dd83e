//! A form with files as a body: `multipart/form-data` (RFC 7578).

use std::path::Path;

use super::RawBody;
use crate::cli::items::Multipart;
use crate::model::failure::{Failure, FailureKind, Stage};
use crate::model::spec::Row;

/// Reads the files and joins everything.
pub(super) fn encode(parts: &Multipart) -> Result<RawBody, Failure> {
    let mut files = Vec::new();
    for row in &parts.files {
        let bytes = std::fs::read(&row.value).map_err(|error| {
            Failure::new(Stage::Compose, &*row.value, FailureKind::NotFound, error.to_string())
        })?;
        let name = Path::new(&row.value).file_name().unwrap_or_default().to_string_lossy();
        files.push((row, name.into_owned(), bytes));
    }
    let contents: Vec<&[u8]> = files.iter().map(|(_, _, bytes)| bytes.as_slice()).collect();
    let boundary = boundary(&parts.fields, &contents);
    let mut body = Vec::new();
    for row in &parts.fields {
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n",
            quoted(&row.name)
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(row.value.as_bytes());
        body.extend_from_slice(b"\r\n");
    }
    for (row, name, bytes) in &files {
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n",
            quoted(&row.name),
            quoted(name)
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    let content_type = Some(format!("multipart/form-data; boundary={boundary}"));
    Ok(RawBody { bytes: body.into(), content_type })
}

/// Characters that would end the parameter, as browsers escape them.
fn quoted(text: &str) -> String {
    text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

/// A line that occurs in none of the parts.
fn boundary(fields: &[Row], files: &[&[u8]]) -> String {
    let taken = |boundary: &str| {
        let holds = |bytes: &[u8]| memchr::memmem::find(bytes, boundary.as_bytes()).is_some();
        fields.iter().any(|row| holds(row.value.as_bytes())) || files.iter().any(|f| holds(f))
    };
    let mut number = 0u64;
    loop {
        let boundary = format!("wirebench-{number:016x}");
        if !taken(&boundary) {
            return boundary;
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_files_become_parts() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a\"b.bin");
        std::fs::write(&file, b"\0wirebench-0000000000000000").unwrap();
        let parts = Multipart {
            fields: vec![Row::new("note", "x")],
            files: vec![Row::new("photo", file.to_string_lossy())],
        };
        let body = encode(&parts).unwrap();
        let text = String::from_utf8_lossy(&body.bytes).into_owned();
        let boundary = "wirebench-0000000000000001";
        assert!(body.content_type.unwrap().ends_with(boundary));
        assert!(text.starts_with(&format!("--{boundary}\r\n")), "{text}");
        assert!(text.contains("name=\"note\"\r\n\r\nx\r\n"), "{text}");
        assert!(text.contains("filename=\"a%22b.bin\""), "{text}");
        assert!(text.ends_with(&format!("--{boundary}--\r\n")), "{text}");
    }
}

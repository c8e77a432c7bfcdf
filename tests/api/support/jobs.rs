//! Background jobs and the archives that they take and give.

use std::collections::BTreeMap;
use std::io::{Cursor, Write as _};

use http::Method;
use serde_json::Value;

use crate::support::{Api, GUARD};

/// Path and text of each file.
pub(crate) type Files = BTreeMap<String, String>;

pub(crate) fn zipped(files: &Files) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (path, text) in files {
        writer.start_file(path.as_str(), zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// One file of an archive.
pub(crate) fn one(path: &str, text: &str) -> Files {
    Files::from([(path.to_owned(), text.to_owned())])
}

/// A multipart form with the archive as `file`.
pub(crate) fn upload(api: &Api, query: &str, fields: &[(&str, &str)], archive: &[u8]) -> reqwest::RequestBuilder {
    let mut body = Vec::new();
    for (name, value) in fields {
        write!(body, "--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").unwrap();
    }
    let head = "Content-Disposition: form-data; name=\"file\"; filename=\"w.zip\"\r\nContent-Type: application/zip";
    write!(body, "--edge\r\n{head}\r\n\r\n").unwrap();
    body.extend_from_slice(archive);
    body.extend_from_slice(b"\r\n--edge--\r\n");
    let request = api.request(Method::POST, &format!("/import{query}")).body(body);
    request.header("content-type", "multipart/form-data; boundary=edge")
}

/// Where a job is read.
pub(crate) fn address(begun: &Value) -> String {
    format!("/background-jobs/{}:{}", begun["jobId"].as_str().unwrap(), begun["accessKey"].as_str().unwrap())
}

/// The job when it is over.
pub(crate) async fn over(api: &Api, begun: &Value) -> Value {
    let poll = async {
        loop {
            let job = api.ok(Method::GET, &address(begun), Value::Null).await;
            if !["pending", "active"].contains(&job["status"].as_str().unwrap()) {
                return job;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(GUARD, poll).await.expect("a job ends")
}

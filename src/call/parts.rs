//! The parts of a multipart form, as uploads send them.

use bytes::Bytes;
use futures_util::stream;
use http::header;

use crate::call::Call;

/// A part of a multipart form.
#[derive(Debug, Clone)]
pub struct Part {
    /// The name of the field.
    pub name: Option<String>,
    /// The name of the file; none where the part is no file.
    pub file_name: Option<String>,
    /// The media type; `application/octet-stream` where the part says none.
    pub content_type: String,
    pub bytes: Bytes,
}

impl Call {
    /// Whether the body is a multipart form.
    pub fn is_multipart(&self) -> bool {
        self.content_type().to_ascii_lowercase().starts_with("multipart/")
    }

    /// The content type of the body; empty where none is said.
    pub fn content_type(&self) -> &str {
        self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Reads the parts of a multipart form. Fails with what is wrong with it.
    pub async fn parts(&self) -> Result<Vec<Part>, String> {
        let boundary = multer::parse_boundary(self.content_type()).map_err(|error| error.to_string())?;
        let body = self.body.clone();
        let body = stream::once(async move { Ok::<_, std::convert::Infallible>(body) });
        let mut form = multer::Multipart::new(body, boundary);
        let mut parts = Vec::new();
        while let Some(field) = form.next_field().await.map_err(|error| error.to_string())? {
            let (name, file_name) = (field.name().map(str::to_owned), field.file_name().map(str::to_owned));
            let content_type = field.content_type().map_or("application/octet-stream".to_owned(), ToString::to_string);
            let bytes = field.bytes().await.map_err(|error| error.to_string())?;
            parts.push(Part { name, file_name, content_type, bytes });
        }
        Ok(parts)
    }
}

//! The names of folders in seeds and archives. Invariant: two keys have two names, and every file system takes them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::base::ids::stable_id;
use crate::elements::model::title_of;
use crate::nouns::connector::model::Connector;

/// The name of a folder in an archive has so many characters at most.
const LONGEST_FOLDER: usize = 200;

/// The name of an element's folder in an archive: its key, with characters that a folder's name cannot have
/// written as `%2F` and the like.
pub fn folder_of_key(key: &str) -> String {
    const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b' ');
    let mut folder = utf8_percent_encode(key, PLAIN).to_string();
    // File systems take names of 255 bytes. Who reads the folder reads the key in it.
    if folder.len() > LONGEST_FOLDER {
        let whole = stable_id::<Connector>("folder", key);
        folder.clear();
        for letter in key.chars() {
            let letter = utf8_percent_encode(letter.encode_utf8(&mut [0; 4]), PLAIN).to_string();
            if folder.len() + letter.len() + whole.as_str().len() > LONGEST_FOLDER {
                break;
            }
            folder.push_str(&letter);
        }
        folder.push_str(whole.as_str());
    }
    // A folder `..` would lead out of the archive.
    match folder.strip_prefix('.') {
        Some(rest) => format!("%2E{rest}"),
        None => folder,
    }
}

/// The key that a folder is named after.
pub(super) fn key_of_folder(folder: &str) -> String {
    percent_decode_str(folder).decode_utf8_lossy().into_owned()
}

/// A folder's name as a field of a document that holds all: `dataSources` for `data-sources`.
pub(super) fn field_of(folder: &str) -> String {
    let mut words = folder.split('-');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| name + &title_of(word))
}

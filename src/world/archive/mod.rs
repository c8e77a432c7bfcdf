//! Archives of what a workspace defines: zip files of YAML, for the jobs that export and import them.
//!
//! This file packs and unpacks them, `contents.rs` says which files a workspace has, and what an import archives.
//! Invariant: unpacking is bounded by size and number of files, and no path leads out of the archive.

mod contents;

pub use contents::{archive_others, files_of};

use std::io::{Cursor, Read as _, Write as _};

use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::base::error::ApiError;
use crate::world::job::model::Files;
use crate::world::seed::folders_of_kinds;

/// The most bytes that an archive may have when it is unpacked.
const LARGEST: u64 = 64 * 1024 * 1024;
/// The most files that an archive may have.
const MOST_FILES: usize = 20_000;
/// The folders that stand at the top of an archive (SDK) or of a seed, beside those of element types.
const TOP: [&str; 6] = ["connections", "connectors", "external-apps", "integrations", "scenarios", "stubs"];

/// Packs files into a zip archive; the same files give the same bytes.
pub fn pack(files: &Files) -> Result<Vec<u8>, ApiError> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    // The files are given no date, so that the bytes do not depend on the day.
    let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    for (path, text) in files {
        writer.start_file(path.as_str(), options).map_err(ApiError::internal)?;
        writer.write_all(text.as_bytes()).map_err(ApiError::internal)?;
    }
    Ok(writer.finish().map_err(ApiError::internal)?.into_inner())
}

/// Unpacks an archive, whether its folders stand at its top or below one folder. Fails with 400 for bytes that are no
/// zip archive, and for too many or too large files.
pub fn unpack(bytes: &[u8]) -> Result<Files, ApiError> {
    let is_description =
        |path: &str| path.rsplit_once('.').is_some_and(|(_, end)| matches!(end, "yaml" | "yml" | "json"));
    Ok(without_root(unpack_those(bytes, is_description)?))
}

/// Unpacks the files of an archive whose paths are wanted, as [`unpack`] does. Fails with 400 for one of them that is no text.
pub fn unpack_those(bytes: &[u8], is_wanted: impl Fn(&str) -> bool) -> Result<Files, ApiError> {
    let wrong = |why: String| ApiError::bad_request(format!("`file` is no zip archive that can be read: {why}"));
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| wrong(error.to_string()))?;
    if archive.len() > MOST_FILES {
        return Err(wrong(format!("it has {} files, and {MOST_FILES} are the most", archive.len())));
    }
    let (mut files, mut left) = (Files::new(), LARGEST);
    for index in 0..archive.len() {
        let file = archive.by_index(index).map_err(|error| wrong(error.to_string()))?;
        let path = file.enclosed_name().map(|path| path.to_string_lossy().replace('\\', "/"));
        let path = path.ok_or_else(|| wrong("the path of a file leads out of it".into()))?;
        if file.is_dir() || !is_wanted(&path) || path.starts_with("__MACOSX/") {
            continue;
        }
        let mut text = String::new();
        // One byte more than allowed is read, because the size in a file's header may be wrong.
        let read = file.take(left + 1).read_to_string(&mut text);
        let read = read.map_err(|error| wrong(format!("`{path}`: {error}")))? as u64;
        left = left.checked_sub(read).ok_or_else(|| wrong(format!("it is larger than {LARGEST} bytes")))?;
        files.insert(path, text);
    }
    Ok(files)
}

/// Removes the folder's name that an archive of a folder has before every path.
fn without_root(files: Files) -> Files {
    let root = files.keys().next().and_then(|path| path.split_once('/')).map(|(root, _)| format!("{root}/"));
    let Some(root) = root else { return files };
    let kinds = folders_of_kinds();
    let is_top = |path: &str| {
        let folder = path.split('/').next().unwrap_or_default();
        TOP.contains(&folder) || kinds.contains(&folder)
    };
    let is_around = files.keys().all(|path| path.strip_prefix(&root).is_some_and(is_top));
    if is_top(&root) || !is_around {
        return files;
    }
    files.into_iter().map(|(path, text)| (path.strip_prefix(&root).unwrap_or(&path).to_owned(), text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(paths: &[&str]) -> Files {
        paths.iter().map(|path| ((*path).to_owned(), format!("name: {path}\n"))).collect()
    }

    #[test]
    fn what_is_packed_is_unpacked_and_repeats() {
        let some = files(&["actions/a/spec.yaml", "integrations/x/spec.yaml"]);
        let packed = pack(&some).unwrap();

        assert_eq!(unpack(&packed).unwrap(), some);
        assert_eq!(pack(&some).unwrap(), packed);
    }

    #[test]
    fn a_folder_around_everything_is_left_out() {
        let around = files(&["membrane/actions/a/spec.yaml", "membrane/flows/x/spec.yaml"]);
        let unpacked = unpack(&pack(&around).unwrap()).unwrap();

        assert_eq!(
            unpacked.keys().map(String::as_str).collect::<Vec<_>>(),
            ["actions/a/spec.yaml", "flows/x/spec.yaml"]
        );
    }

    #[test]
    fn what_is_no_archive_is_refused() {
        let mut cut = pack(&files(&["actions/a/spec.yaml"])).unwrap();
        cut.truncate(20);
        for bytes in [&b""[..], b"not a zip", &cut] {
            assert_eq!(unpack(bytes).unwrap_err().status(), 400);
        }
    }
}

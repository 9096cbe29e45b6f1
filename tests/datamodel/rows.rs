//! The rows of `etc/cwmpd`.

use std::path::PathBuf;

/// A row of a file.
pub struct Row {
    pub file: String,
    /// Column 1, instance numbers as `{i}`.
    pub name: String,
    columns: Vec<String>,
}

impl Row {
    /// Column 1 to 15, as it is written.
    pub fn column(&self, number: usize) -> &str {
        self.columns.get(number - 1).map_or("", String::as_str)
    }

    /// Column 2: the type, and what stands behind its first `:`.
    pub fn kind(&self) -> (&str, &str) {
        let kind = self.column(2);
        kind.split_once(':').unwrap_or((kind, ""))
    }

    /// Column 4.
    pub fn writable(&self) -> bool {
        self.column(4) == "1"
    }
}

/// All rows of all files.
pub fn rows() -> Vec<Row> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("etc/cwmpd");
    let mut rows = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "csv") {
            continue;
        }
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("# "), "{file} does not say what it is for");
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            rows.push(row(&file, line));
        }
    }
    assert!(rows.len() > 100);
    rows
}

fn row(file: &str, line: &str) -> Row {
    let columns: Vec<String> = line.split(';').map(str::to_owned).collect();
    assert!(columns.len() <= 15, "{file}: {line}");
    let parts = columns[0].split('.').map(|part| match part.parse::<u32>() {
        Ok(_) => "{i}",
        Err(_) => part,
    });
    Row {
        file: file.to_owned(),
        name: parts.collect::<Vec<_>>().join("."),
        columns,
    }
}

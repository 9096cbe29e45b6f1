//! What a request asks: the arguments of `/data_request?id=...`.

/// The arguments of a request.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads `id=status&DeviceNum=3`.
    pub(super) fn parse(query: &str) -> Self {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        Self(pairs.map(|(n, v)| (decoded(n), decoded(v))).collect())
    }

    /// What is asked, with and without `lu_` before it.
    pub(super) fn id(&self) -> &str {
        let id = self.get("id").unwrap_or_default();
        id.strip_prefix("lu_").unwrap_or(id)
    }

    /// An argument.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut pairs = self.0.iter();
        pairs.find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// An argument that is a number.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.parse().ok()
    }

    /// The device that is meant.
    pub(super) fn device(&self, name: &str) -> Option<u32> {
        self.get(name)?.parse().ok()
    }

    /// Whether the answer is to be JSON.
    pub(super) fn wants_json(&self) -> bool {
        self.get("output_format") == Some("json")
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        let coded = tail.get(..2).and_then(|digits| {
            let digits = std::str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, 16).ok()
        });
        match (first, coded) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

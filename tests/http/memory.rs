//! What a large file costs.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::{env, thread};

use cwmpd::http::{HttpRequest, Method, RequestBody};

use crate::{client, url};

/// Set where the test runs in a process of its own.
const ALONE: &str = "CWMPD_TEST_ALONE";
const NAME: &str = "memory::a_file_of_200_mb_takes_the_memory_of_a_few_buffers";

const FILE_BYTES: u64 = 200 * 1000 * 1000;
const MOST_GROWTH_KB: u64 = 1000;

/// Memory is counted by the process: the test gets one of its own, without the others' memory.
#[test]
fn a_file_of_200_mb_takes_the_memory_of_a_few_buffers() {
    if env::var_os(ALONE).is_some() {
        return carry();
    }
    let mut alone = Command::new(env::current_exe().unwrap());
    let ended = alone.args(["--exact", NAME, "--nocapture"]).env(ALONE, "1");
    let ended = ended.output().unwrap();
    let told = String::from_utf8_lossy(&ended.stdout);
    assert!(
        ended.status.success() && told.contains("1 passed"),
        "{told}"
    );
}

fn carry() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = url(&format!("http://{}/", listener.local_addr().unwrap()));
    let server = thread::spawn(move || {
        for stream in listener.incoming().take(4) {
            serve(stream.unwrap());
        }
    });
    // A file of holes: as long as any, and nothing on the disk.
    let path = env::temp_dir().join(format!("cwmpd-200mb-{}", std::process::id()));
    let file = File::create_new(&path).unwrap();
    file.set_len(FILE_BYTES).unwrap();
    let file = File::open(&path).unwrap();
    fs::remove_file(&path).unwrap();

    let put = |length| {
        let body = RequestBody::stream(&file, length);
        let mut request = HttpRequest::new(Method::PUT, &to).body(body);
        assert_eq!(client().send(&mut request).unwrap().status, 201);
    };
    let get = |length: u64| {
        let mut request = HttpRequest::new(Method::GET, &to).header("Length", &*length.to_string());
        let answer = client().send(&mut request);
        assert_eq!(answer.unwrap().copy_to(&mut io::sink(), length), Ok(length));
    };
    // What comes with the first use is not the files'.
    put(1);
    get(1);
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = peak_kb();
    put(FILE_BYTES);
    get(FILE_BYTES);
    let growth = peak_kb().saturating_sub(before);
    println!("peak memory grew by {growth} kB");
    assert!(growth < MOST_GROWTH_KB, "{growth} kB");
    server.join().unwrap();
}

/// Takes a body, or sends one of the length that the request names, a buffer at a time.
fn serve(mut stream: TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let number = |name: &str| {
        let value = head.split(name).nth(1).and_then(|rest| rest.lines().next());
        value.map(|value| value.trim().parse::<u64>().unwrap())
    };
    if let Some(length) = number("\r\ncontent-length:") {
        if head.contains("\r\nexpect:") {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap();
        }
        let read = io::copy(&mut (&stream).take(length), &mut io::sink());
        assert_eq!(read.unwrap(), length);
        stream
            .write_all(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
            .unwrap();
    } else {
        let length = number("\r\nlength:").unwrap();
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n"
        )
        .unwrap();
        io::copy(&mut io::repeat(7).take(length), &mut stream).unwrap();
    }
}

fn peak_kb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.unwrap().trim().trim_end_matches(" kB");
    peak.parse().unwrap()
}

//! `top` without a terminal, over the API of a real run; and at addresses where something else answers, or
//! half of it.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use crate::common;

use common::pipeline::Running;
use common::{Workplace, wait_until};

#[test]
fn a_line_of_json_comes_each_second() {
    let workplace = Workplace::new();
    let demo = Running::start(workplace.command(["demo", "--json"]));
    let line = demo.wait_for("page: http://");
    let url = line.split_whitespace().nth(1).unwrap();
    let top = Running::start(workplace.command(["top", "--at", url]));
    wait_until("two looks", || top.printed() >= 2);
    top.signal("KILL");
    let looks = top.ended().json_lines();
    let look = &looks[0];
    assert_eq!(look["stages"]["source"], "a simulated market");
    for moment in ["opens_at", "closes_at"] {
        assert!(look["stages"]["session"][moment].is_string(), "{look}");
    }
    assert!(look["score"]["verdict"]["heading"].is_string(), "{look}");
}

/// Checks the words of `top` about an address at which every request is answered so.
#[track_caller]
fn refuses(answer: &'static str, says: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let answering = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = [0; 1024];
        assert!(stream.read(&mut asked).unwrap() > 0);
        stream.write_all(answer.as_bytes()).unwrap();
    });
    let done = Workplace::new().run(&["top", "--at", &address]);
    done.refused(69, &[&address, says]);
    answering.join().unwrap();
}

#[test]
fn an_answer_that_is_none_is_said_to_be_none() {
    refuses(
        "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n{\"clock\":",
        "broke off: 9 bytes of 2000 came",
    );
    refuses(
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
        "answers 503: Service Unavailable",
    );
    refuses(
        "HTTP/1.1 503 X\r\nContent-Length: 26\r\n\r\n{\"title\":\"it is starting\"}",
        "answers 503: it is starting",
    );
    refuses(
        "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>",
        "does not answer as closecall does",
    );
}

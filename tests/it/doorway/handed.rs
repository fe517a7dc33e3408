//! A listening socket handed over, as systemd does it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::commands::said;

/// `grb-app serve` that listens on `address` and gets `socket` as its third file, like a service of systemd's.
fn serve(socket: &TcpListener, address: &str, folder: &Path) -> Command {
    let start = "exec 3<&0 </dev/null; export LISTEN_PID=$$ LISTEN_FDS=1; exec \"$0\" \"$@\"";
    let socket = OwnedFd::from(socket.try_clone().unwrap());
    let mut command = Command::new("/bin/sh");
    command
        .env_clear()
        .env("GRB_LOG", "warn")
        .args(["-c", start, env!("CARGO_BIN_EXE_grb-app"), "serve"])
        .args(["--listen", address, "--data-dir"])
        .arg(folder)
        .stdin(Stdio::from(socket))
        .stdout(Stdio::piped());
    command
}

fn until_it_listens(child: &mut Child) -> String {
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    line
}

#[test]
fn who_comes_while_the_desk_is_restarted_waits_a_moment_and_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    let mut first = serve(&socket, &address, folder.path()).spawn().unwrap();
    assert_eq!(
        until_it_listens(&mut first),
        format!("listening on http://{address}\n")
    );
    let pid = first.id().to_string();
    Command::new("kill").arg(pid).status().unwrap();
    assert!(first.wait().unwrap().success());
    // Nobody is there but the one who holds the socket.
    let mut visitor = TcpStream::connect(&address).unwrap();
    let asked = "GET /health/liveness HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    visitor.write_all(asked.as_bytes()).unwrap();
    let mut second = serve(&socket, &address, folder.path()).spawn().unwrap();
    until_it_listens(&mut second);
    let mut answer = String::new();
    visitor.read_to_string(&mut answer).unwrap();
    second.kill().unwrap();
    second.wait().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn a_socket_that_no_setting_names_is_refused_with_what_to_write() {
    let folder = tempfile::tempdir().unwrap();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = serve(&socket, "127.0.0.1:0", folder.path());
    let output = command.stderr(Stdio::piped()).output().unwrap();
    let words = said(&output);
    assert_eq!(output.status.code(), Some(78), "{words}");
    let address = socket.local_addr().unwrap();
    assert!(
        words.contains(&format!("Set listen = \"{address}\"")),
        "{words}"
    );
}

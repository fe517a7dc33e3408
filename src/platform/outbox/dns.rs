//! What a domain publishes about mail: TXT records, asked of the machine's name server.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, Question, RCODE, TYPE};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use crate::platform::random;

const PATIENCE: Duration = Duration::from_secs(3);

/// The texts at `name`; none where there is no such name. Fails where nobody answers.
pub(super) async fn texts(name: &str) -> anyhow::Result<Vec<String>> {
    let resolv = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let server = servers(&resolv)
        .next()
        .context("no name server is set on this machine")?;
    texts_of(server, 53, name).await
}

fn servers(resolv: &str) -> impl Iterator<Item = IpAddr> {
    let lines = resolv
        .lines()
        .filter_map(|line| line.trim().strip_prefix("nameserver"));
    lines.filter_map(|address| address.trim().parse().ok())
}

/// The same, asked of a given server; twice, since UDP loses.
async fn texts_of(server: IpAddr, port: u16, name: &str) -> anyhow::Result<Vec<String>> {
    let id = u16::from_str_radix(&random::hex(2), 16)?;
    let question = question(id, name)?;
    let here = match server {
        IpAddr::V4(_) => "0.0.0.0:0",
        IpAddr::V6(_) => "[::]:0",
    };
    let socket = UdpSocket::bind(here).await?;
    socket.connect((server, port)).await?;
    for _ in 0..2 {
        socket.send(&question).await?;
        let mut answer = vec![0; 4096];
        if let Ok(read) = timeout(PATIENCE, socket.recv(&mut answer)).await {
            answer.truncate(read?);
            return read_answer(&answer, id);
        }
    }
    bail!("the name server {server} does not answer")
}

fn question(id: u16, name: &str) -> anyhow::Result<Vec<u8>> {
    let mut packet = Packet::new_query(id);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    let question = Question::new(Name::new(name)?, TYPE::TXT.into(), CLASS::IN.into(), false);
    packet.questions.push(question);
    Ok(packet.build_bytes_vec()?)
}

fn read_answer(answer: &[u8], id: u16) -> anyhow::Result<Vec<String>> {
    let packet = Packet::parse(answer).context("the name server's answer cannot be read")?;
    if packet.id() != id {
        bail!("the name server answered something else");
    }
    match packet.rcode() {
        RCODE::NoError | RCODE::NameError => {}
        other => bail!("the name server failed ({other:?})"),
    }
    if packet.has_flags(PacketFlag::TRUNCATION) {
        bail!("the answer is too long to be asked for this way");
    }
    let texts = packet
        .answers
        .into_iter()
        .filter_map(|record| match record.rdata {
            RData::TXT(text) => String::try_from(text).ok(),
            _ => None,
        });
    Ok(texts.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use simple_dns::ResourceRecord;
    use simple_dns::rdata::TXT;

    #[test]
    fn name_servers_are_read_as_resolv_conf_has_them() {
        let text = "# made by\nsearch example.org\nnameserver 192.0.2.1\nnameserver  2001:db8::1 \nnameserver fe80::1%eth0\n";
        let found: Vec<String> = servers(text).map(|ip| ip.to_string()).collect();
        assert_eq!(found, ["192.0.2.1", "2001:db8::1"]);
    }

    /// Answered by a server of our own on the loopback.
    #[tokio::test]
    async fn a_domains_texts_are_asked_for_and_read() {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let port = server.local_addr().unwrap().port();
        tokio::spawn(async move {
            let mut asked = [0; 512];
            let (read, from) = server.recv_from(&mut asked).await.unwrap();
            let query = Packet::parse(&asked[..read]).unwrap();
            let name = query.questions[0].qname.clone();
            assert!(query.has_flags(PacketFlag::RECURSION_DESIRED));
            let mut reply = Packet::new_reply(query.id());
            let text = TXT::new()
                .with_string("v=spf1 mx")
                .unwrap()
                .with_string(" -all")
                .unwrap();
            reply
                .answers
                .push(ResourceRecord::new(name, CLASS::IN, 60, RData::TXT(text)));
            server
                .send_to(&reply.build_bytes_vec().unwrap(), from)
                .await
                .unwrap();
        });
        let texts = texts_of([127, 0, 0, 1].into(), port, "club.example")
            .await
            .unwrap();
        assert_eq!(texts, ["v=spf1 mx -all"]);
    }
}

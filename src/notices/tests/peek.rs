//! temporary
use super::recorded;
use crate::notices::*;
#[test]
fn peek() {
    let f = recorded().unwrap();
    for a in ["text","json"] { let mut v: Vec<_> = std::fs::read_dir(f.join(a)).unwrap().map(|e| e.unwrap().path()).collect(); v.sort(); for p in v {
        let b = std::fs::read(&p).unwrap();
        match read(&b) { Ok(n) => println!("{}\n   {}\n   {:?} key={}", p.file_name().unwrap().to_string_lossy(), show("", &n), n.details, n.burst_key()), Err(e) => println!("{} {e}", p.display()) }
    }}
    let b = std::fs::read(f.join("circulars/gcn_seed_508_circulars.json")).unwrap();
    for x in split(&b) { let n = read(&x).unwrap(); let c = n.circular.unwrap();
        println!("C {} {:?} | {:?} {:?} {}", c.id.unwrap(), c.subject, c.burst_names(), c.triggers(), if c.says_not_a_grb() {"NOTGRB"} else {""}); }
}

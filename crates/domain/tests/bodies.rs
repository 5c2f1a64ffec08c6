//! Bodies of requests that fuzzing has found worth keeping.

#[path = "../../../fuzz/body.rs"]
mod body;

#[test]
fn they_are_read_as_every_body_is() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/body");
    let mut inputs = 0;
    for entry in std::fs::read_dir(folder).expect("the corpus") {
        body::check(&std::fs::read(entry.expect("an entry").path()).expect("an input"));
        inputs += 1;
    }
    assert!(inputs > 10, "{inputs}");
}

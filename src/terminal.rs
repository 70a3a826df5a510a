//! stub
#[derive(Debug)]
pub enum PromptError {
    X,
}
pub fn say(t: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "patron: {t}");
}
pub fn has_terminal() -> bool {
    use std::io::IsTerminal;
    std::io::stdin().is_terminal()
}
pub fn ask_yes_no(_q: &str, d: bool) -> Result<bool, PromptError> {
    Ok(d)
}
pub fn ask_line(_q: &str) -> Result<String, PromptError> {
    Err(PromptError::X)
}
pub fn sanitise(t: &str, _n: usize) -> String {
    t.to_owned()
}

//! stub
use super::*;
pub struct CommandVault(String);
impl CommandVault {
    pub fn new(s: String) -> Self {
        Self(s)
    }
}
impl Vault for CommandVault {
    fn read(&self, _: &Item<'_>) -> Result<Option<Token>, Trouble> {
        let _ = &self.0;
        Err(Trouble::Absent("stub".into()))
    }
    fn write(&self, _: &Item<'_>, _: &Token) -> Result<(), Trouble> {
        Err(Trouble::Absent("stub".into()))
    }
    fn remove(&self, _: &Item<'_>) -> Result<bool, Trouble> {
        Ok(false)
    }
}

//! KeePassXC as the keyring: another program's Secret Service, which asks where gnome-keyring does not.
//!
//! It shows no window here (Qt's platform `offscreen`), so a dialog of its own would wait for ever.
//! Needs Debian's package keepassxc.

use super::{Bus, log, private};
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

/// An empty database whose root group is open to the Secret Service.
const DATABASE: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<KeePassFile>
 <Meta>
  <CustomData><Item>
   <Key>FDO_SECRETS_EXPOSED_GROUP</Key><Value>{00112233-4455-6677-8899-aabbccddeeff}</Value>
  </Item></CustomData>
 </Meta>
 <Root><Group><UUID>ABEiM0RVZneImaq7zN3u/w==</UUID><Name>Root</Name></Group></Root>
</KeePassFile>
"#;

impl Bus {
    /// Starts a bus with KeePassXC on it, and an open database. It asks before each read, as it does unless
    /// somebody tells it not to, or never.
    pub fn with_keepassxc(asks: bool) -> Self {
        let mut bus = Self::begin(false);
        let folder = bus.folder.path().to_owned();
        let at = |name: &str| folder.join(name);
        fs::write(at("database.xml"), DATABASE).expect("a file");
        let settings = format!(
            "[General]\nConfigVersion=2\n[FdoSecrets]\nEnabled=true\nShowNotification=false\n\
             ConfirmAccessItem={asks}\nConfirmDeleteItem={asks}\n[GUI]\nCheckForUpdates=false\n"
        );
        fs::write(at("keepassxc.ini"), settings).expect("a file");

        let mut import = Command::new("keepassxc-cli");
        import.args(["import", "--quiet", "--set-password"]).args([at("database.xml"), at("database.kdbx")]);
        let mut import = private(&mut import, &folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log(&folder, "import.log"))
            .spawn()
            .unwrap_or_else(|error| panic!("keepassxc-cli: {error}; install the package keepassxc"));
        import.stdin.take().expect("piped").write_all(b"open\nopen\n").expect("it takes a password");
        assert!(import.wait().expect("a child").success(), "the database cannot be made");

        let mut command = Command::new("keepassxc");
        command.arg("--pw-stdin").arg("--config").arg(at("keepassxc.ini")).arg(at("database.kdbx"));
        let mut service = private(&mut command, &folder)
            .env("DBUS_SESSION_BUS_ADDRESS", &bus.address)
            .env("QT_QPA_PLATFORM", "offscreen")
            // There it notes that it runs: a second one in the same folder would end at once.
            .env("TMPDIR", &folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log(&folder, "keyring.log"))
            .spawn()
            .unwrap_or_else(|error| panic!("keepassxc: {error}; install the package keepassxc"));
        service.stdin.take().expect("piped").write_all(b"open\n").expect("it takes the password");
        bus.service = Some(service);
        bus.eventually("KeePassXC has opened its database", || bus.is_open());
        bus
    }
}

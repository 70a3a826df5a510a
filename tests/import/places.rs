//! What lies in files and variables: `.netrc`, URLs, git's settings, Nix, the environment.

use super::Scene;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

#[test]
fn netrc_gives_the_entry_of_the_host() {
    let scene = Scene::new();
    let (acme, globex) = (scene.forge.secret("acme"), scene.forge.secret("globex"));
    let text = format!(
        "machine gitlab.com login u password {globex}\nmachine github.com\n  login mona\n  password {acme}\n"
    );
    let file = scene.sandbox.write(".netrc", text);
    let output = scene.leaves(&[file], scene.import("--from netrc")).ok();
    let told = output.stdout();
    assert!(told.starts_with("~/.netrc:2: mona's fine-grained token"), "{}", output.report());
    assert!(
        told.contains("  ~/.netrc:2: take the entry out that begins at ~/.netrc:2\n"),
        "{}",
        output.report()
    );
    scene.keeps(&[("acme", "fine-grained")]);
    assert_eq!(scene.asked_about(), ["acme"], "another host's is nobody's business");
}

#[test]
fn urls_of_remotes_give_the_token_wherever_it_stands() {
    let scene = Scene::new();
    let secret = |label: &str| scene.forge.secret(label);
    let work = scene.sandbox.work();
    for (folder, remote, url) in [
        ("one", "origin", format!("https://{}@github.com/acme/secret", secret("acme"))),
        (
            "two",
            "up/stream",
            format!("https://x-access-token:{}@github.com/globex/api.git", secret("globex")),
        ),
        ("three", "origin", "https://mona@github.com/acme/tools".to_owned()),
    ] {
        scene.sandbox.git(["init", "-q", folder]).ok();
        let folder = work.join(folder);
        scene.sandbox.git(["remote", "add", remote, &url]).cwd(&folder).ok();
    }
    let two = work.join("two");
    let push = format!("https://mona:{}@github.com/globex/api.git", secret("globex"));
    scene.sandbox.git(["remote", "set-url", "--push", "up/stream", &push]).cwd(&two).ok();
    // Not named, so not looked at: the working folder is no checkout.
    let told = scene.import("").ok().stdout();
    assert_eq!(told, "no token of GitHub's was found elsewhere\n");

    let files = [work.join("one/.git/config"), work.join("two/.git/config"), work.join("three/.git/config")];
    let output = scene.leaves(&files, scene.import("--from url one two three")).ok();
    let told = output.stdout();
    for line in [
        "the URL of remote origin in one: mona's fine-grained token",
        "the URL of remote up/stream in two: mona's fine-grained token",
        ": git -C one remote set-url origin https://github.com/acme/secret\n",
        ": git -C two remote set-url up/stream https://github.com/globex/api.git\n",
    ] {
        assert!(told.contains(line), "{line}: {}", output.report());
    }
    assert!(!told.contains("three"), "a name is no secret: {}", output.report());
    scene.keeps(&[("acme", "fine-grained"), ("globex", "fine-grained")]);
    // The current checkout, and what is said to clean it does.
    let told = scene.import("--from url").cwd(work.join("one")).ok().stdout();
    assert!(told.contains("the URL of remote origin in this checkout: "), "{told}");
    assert!(told.contains("kept already: acme"), "{told}");
    scene.sandbox.shell("git -C one remote set-url origin https://github.com/acme/secret").ok();
    let config = std::fs::read_to_string(&files[0]).expect("it is there");
    assert!(!config.contains(&secret("acme")), "it is clean");
    scene.sandbox.git(["fetch", "-q"]).cwd(work.join("one")).fails(128);
    scene.sandbox.patron(["setup"]).ok();
    scene.sandbox.git(["fetch", "-q"]).cwd(work.join("one")).ok();
}

#[test]
fn a_named_checkout_is_meant_whatever_repository_the_environment_names() {
    let scene = Scene::new();
    for (folder, label) in [("one", "acme"), ("two", "globex")] {
        scene.sandbox.git(["init", "-q", folder]).ok();
        let url = format!("https://x:{}@github.com/{label}/it", scene.forge.secret(label));
        let folder = scene.sandbox.work().join(folder);
        scene.sandbox.git(["remote", "add", "origin", &url]).cwd(folder).ok();
    }
    // As in a hook of git's.
    let environment = scene.sandbox.work().join("two/.git");
    scene.import("--from url one").env("GIT_DIR", environment).ok();
    scene.keeps(&[("acme", "fine-grained")]);
}

#[test]
fn instead_of_gives_the_token_in_its_base_and_no_command_repeats_it() {
    let scene = Scene::new();
    let acme = scene.forge.secret("acme");
    let text = format!(
        "[user]\n\tname = Mona\n[url \"https://x:{acme}@github.com/acme/\"]\n\tinsteadOf = work:\n[url \"https://github.com/\"]\n\tinsteadOf = gh:\n"
    );
    let file = scene.sandbox.write(".gitconfig", text);
    let output = scene.leaves(&[file], scene.import("--from insteadof")).ok();
    let told = output.stdout();
    assert!(
        told.starts_with("url.*.insteadOf in ~/.gitconfig:4: mona's fine-grained token"),
        "{}",
        output.report()
    );
    assert!(
        told.contains("git config --file ~/.gitconfig --edit (take that [url] section out, line 4)\n"),
        "{}",
        output.report()
    );
    scene.keeps(&[("acme", "fine-grained")]);
}

#[test]
fn an_extra_header_gives_its_token_from_a_job_s_checkout_and_from_the_user_s_config() {
    let scene = Scene::new();
    let basic = |label: &str| STANDARD.encode(format!("x-access-token:{}", scene.forge.secret(label)));
    let file = scene.sandbox.write(
        ".gitconfig",
        format!(
            "[http \"https://github.com/globex/\"]\n\textraHeader = Authorization: Bearer {}\n[http]\n\textraHeader = X-Other: 1\n",
            scene.forge.secret("globex")
        ),
    );
    scene.sandbox.git(["init", "-q", "job"]).ok();
    let job = scene.sandbox.work().join("job");
    let header = format!("AUTHORIZATION: basic {}", basic("acme"));
    let key = "http.https://github.com/.extraheader";
    scene.sandbox.git(["config", key, &header]).cwd(&job).ok();
    let files = [file, job.join(".git/config")];
    let output = scene.leaves(&files, scene.import("--from extraheader job")).ok();
    let told = output.stdout();
    let clean = "git -C job config --unset-all http.https://github.com/.extraheader '^AUTHORIZATION:'";
    for line in [
        "http.extraHeader in ~/.gitconfig:2: mona's fine-grained token",
        "http.extraHeader in the config of job: mona's fine-grained token",
        "git config --file ~/.gitconfig --unset-all http.https://github.com/globex/.extraheader '^Authorization:'\n",
        clean,
    ] {
        assert!(told.contains(line), "{line}: {}", output.report());
    }
    let mut labels: Vec<_> = scene.accounts().into_iter().map(|(label, ..)| label).collect();
    labels.sort();
    assert_eq!(labels, ["acme", "globex"]);
    scene.sandbox.shell(clean).ok();
    scene.sandbox.git(["config", "--get", key]).cwd(&job).fails(1);
}

#[test]
fn nix_gives_each_owner_s_token_to_that_owner() {
    let mut scene = Scene::new();
    let secret = |label: &str| scene.forge.secret(label);
    scene.sandbox.set("NIX_CONF_DIR", scene.sandbox.home().join("nix-of-the-system"));
    let main = scene.sandbox.write(
        ".config/nix/nix.conf",
        format!(
            "# access-tokens = github.com={0}\nexperimental-features = flakes\n!include tokens.conf\n!include not-there.conf\nextra-access-tokens = github.com/mona={0} gitlab.com=PAT:{1}\n",
            secret("mona"),
            secret("globex")
        ),
    );
    let more = scene
        .sandbox
        .write(".config/nix/tokens.conf", format!("access-tokens = github.com/acme={}\n", secret("classic")));
    let output = scene.leaves(&[main, more], scene.import("--from nix")).ok();
    let told = output.stdout();
    for line in [
        "access-tokens in ~/.config/nix/tokens.conf:1: mona's classic token\n  can be kept for acme\n",
        "access-tokens in ~/.config/nix/nix.conf:5: mona's fine-grained token",
        ": take github.com/acme out of access-tokens in ~/.config/nix/tokens.conf:1\n",
    ] {
        assert!(told.contains(line), "{line}: {}", output.report());
    }
    scene.keeps(&[("acme", "classic"), ("mona", "fine-grained")]);
    // One token may be written down for two owners.
    let both = format!("access-tokens = github.com/acme={0} github.com/globex={0}\n", secret("classic"));
    scene.sandbox.write(".config/nix/tokens.conf", both);
    let told = scene.import("--from nix").ok().stdout();
    assert!(told.contains("added globex: ") && !told.contains("added acme: "), "{told}");
    assert_eq!(
        scene.asked_about(),
        ["classic", "mona"],
        "a comment gives nothing, and neither does gitlab.com"
    );
}

#[test]
fn variables_give_their_tokens_each_once() {
    let mut scene = Scene::new();
    let (acme, globex) = (scene.forge.secret("acme"), scene.forge.secret("globex"));
    scene.sandbox.set("GH_TOKEN", &acme);
    scene.sandbox.set("GITHUB_TOKEN", &acme);
    scene.sandbox.set("COMPOSER_AUTH", format!("{{\"github-oauth\": {{\"github.com\": \"{globex}\"}}}}"));
    scene.sandbox.set("GH_ENTERPRISE_TOKEN", scene.forge.secret("classic"));
    let output =
        scene.import("--from env").ok().says("GH_ENTERPRISE_TOKEN: no GH_HOST says which host it is for");
    let told = output.stdout();
    assert!(
        told.starts_with("the variable GH_TOKEN: mona's fine-grained token")
            && told.contains("\n  also: the variable GITHUB_TOKEN\n"),
        "{}",
        output.report()
    );
    assert!(told.contains("unset GITHUB_TOKEN, and take it out of where it is set\n"), "{}", output.report());
    scene.keeps(&[("acme", "fine-grained"), ("globex", "fine-grained")]);
}

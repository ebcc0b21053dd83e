//! `Invoke-WebRequest` and `Invoke-RestMethod` of PowerShell, and `iwr` and `irm` for short: requests of a script,
//! with what its variables were given before, as browsers ("Copy as PowerShell") and documentation write them.

mod calls;
mod invoked;
mod script;
mod texts;
mod value;
mod words;

pub(super) use script::{is_script, requests};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::http::{Auth, HttpBody, HttpSpec, PartSource};
    use crate::model::spec::{NameValue, Spec};
    use crate::model::trust::Verify;

    fn read(text: &str) -> Vec<HttpSpec> {
        let found = requests(text, 10).unwrap();
        let https = found.into_iter().map(|(_, made)| match made.unwrap().0 {
            Spec::Http(spec) => spec,
            other => panic!("{other:?}"),
        });
        https.collect()
    }

    fn headers(spec: &HttpSpec) -> Vec<String> {
        spec.headers.iter().map(|row| format!("{}: {}", row.name, row.value)).collect()
    }

    #[test]
    fn what_a_browser_copies_is_a_request_with_its_cookies() {
        let text = "$session = New-Object Microsoft.PowerShell.Commands.WebRequestSession\n\
            $session.UserAgent = \"Mozilla/5.0 (X11)\"\n\
            $session.Cookies.Add((New-Object System.Net.Cookie(\"sid\", \"a b\", \"/\", \".shop.example\")))\n\
            $session.Cookies.Add((New-Object System.Net.Cookie(\"t\", \"1\", \"/\", \"shop.example\")))\n\
            Invoke-WebRequest -UseBasicParsing -Uri \"https://shop.example/api?q=1\" `\n\
            -Method \"POST\" `\n-WebSession $session `\n-Headers @{\n\"Accept\"=\"*/*\"\n  \"X-A\"=\"b\"\n} `\n\
            -ContentType \"application/json\" `\n-Body \"{`\"a`\":`\"{{x}} `$5`\"}\"\n";
        let found = read(text);
        let [spec] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((&*spec.url, &*spec.method), ("https://shop.example/api?q=1", "POST"));
        assert_eq!(
            headers(spec),
            ["User-Agent: Mozilla/5.0 (X11)", "Cookie: sid=a b; t=1", "Accept: */*", "X-A: b"]
        );
        assert_eq!(spec.body, HttpBody::Json("{\"a\":\"{{!x}} $5\"}".into()));
    }

    #[test]
    fn variables_of_the_script_are_filled_in_and_others_are_names() {
        let text = "$base = 'https://api.example'\n\
            $headers = New-Object \"System.Collections.Generic.Dictionary[[String],[String]]\"\n\
            $headers.Add(\"Authorization\", \"Bearer $token\")\n\
            $body = @{ name = 'O''Neil'; age = 42; ok = $true; tags = 'a', \"b\"; in = @{ x = $null } } | ConvertTo-Json -Depth 5\n\
            $answer = irm \"$base/users/$($env:ID)\" -Method Post -Headers $headers -Body $body -ContentType 'application/json'\n\
            $answer | ConvertTo-Json\n\
            # the list\n\
            $more = @{ Uri = \"${base}/list\"; Body = @{ page = 2 } }; Invoke-RestMethod @more\n";
        let found = read(text);
        let [made, listed] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(made.url, "https://api.example/users/{{env.ID}}");
        assert_eq!(headers(made), ["Authorization: Bearer {{token}}"]);
        let json = r#"{"name":"O'Neil","age":42,"ok":true,"tags":["a","b"],"in":{"x":null}}"#;
        assert_eq!(made.body, HttpBody::Json(json.into()));
        assert_eq!((&*listed.url, &*listed.method), ("https://api.example/list", "GET"));
        assert_eq!(listed.query, [NameValue::new("page", "2")]);
    }

    #[test]
    fn forms_files_and_options_come_along() {
        let found = read(
            "PS C:\\> iwr shop.example/login -Meth post -Body @{user='me';pw='x y'} -SkipCert -MaximumRedirection 0\n\
             Invoke-WebRequest http://h/up -Method Put -InFile .\\a.bin -ContentType image/png\n\
             Invoke-RestMethod -Uri:http://h/f -Method Post -Form @{ a = '1'; doc = Get-Item .\\d.txt }\n\
             Invoke-RestMethod http://h/t -Authentication Bearer -Token (ConvertTo-SecureString \"abc\" -AsPlainText -Force)\n\
             irm http://h/x -Method Post -Body @\"\n<a>\n$x\n\"@\n\
             irm http://h/p -Method Put -Body '{}' -TimeoutSec 5\n",
        );
        let [form, file, parts, bearer, here, put] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((&put.body, put.timeout.as_secs()), (&HttpBody::Text("{}".into()), 5));
        assert!(put.headers.iter().any(|row| row.name == "Content-Type" && !row.enabled));
        assert_eq!(
            (&*form.url, &*form.method, form.redirects),
            ("http://shop.example/login", "POST", 0)
        );
        let rows = vec![NameValue::new("user", "me"), NameValue::new("pw", "x y")];
        assert_eq!((&form.body, form.verify), (&HttpBody::Form(rows), Verify::Off));
        assert_eq!(file.body, HttpBody::File(".\\a.bin".into()));
        assert_eq!(headers(file), ["Content-Type: image/png"]);
        let HttpBody::Multipart(parts) = &parts.body else { panic!("{parts:?}") };
        assert_eq!((&*parts[1].value, parts[1].source), (".\\d.txt", PartSource::File));
        assert_eq!(bearer.auth, Auth::Bearer("abc".into()));
        assert_eq!(here.body, HttpBody::Text("<a>\n{{x}}".into()));
        assert_eq!(headers(here), ["Content-Type: application/x-www-form-urlencoded"]);
    }

    #[test]
    fn nothing_is_run_and_what_would_be_is_told() {
        let text = "$auth = [Convert]::ToBase64String([Text.Encoding]::ASCII.GetBytes(\"ann:pw\"))\n\
            $when = Get-Date -Format o\n\
            iwr \"http://h/u?d=$(Get-Date -Format \"yyyy\")&w=$when\" -Method POST -Body ([System.Text.Encoding]::UTF8.GetBytes(\"{`\"a`\":1}\")) -ContentType application/json -Headers @{ Authorization = \"Basic $auth\"; N = (New-Guid).ToString() }\n\
            irm http://h/f -Method Post -Form @{ a = 'file report'; b = Get-Item .\\b.txt }\n\
            irm http://h/g -Method Put -Body (Get-Content -Raw .\\d.json) -ContentType application/json\n\
            $body = [System.IO.File]::ReadAllBytes(\"C:\\a.bin\")\n\
            irm http://h/h -Method Put -Body $body\n\
            $login = irm http://h/login\n\
            irm http://h/me -Authentication Bearer -Token $login.token -Headers @{ X = \"a\".Length }\n\
            irm http://h/plain -Headers @{ X = '$(id)' }\n\
            irm http://h/j -Method Post -Body (@{ a = (Get-Content x.txt) } | ConvertTo-Json)\n";
        let found = requests(text, 10).unwrap();
        let found: Vec<_> = found
            .into_iter()
            .map(|(_, made)| match made.unwrap() {
                (Spec::Http(spec), told) => (spec, told),
                other => panic!("{other:?}"),
            })
            .collect();
        let [made, form, file, bytes, login, me, plain, json] = found.as_slice() else {
            panic!("{found:?}")
        };
        assert_eq!(made.0.url, "http://h/u?d=$(Get-Date -Format \"yyyy\")&w=Get-Date -Format o");
        assert_eq!(made.0.body, HttpBody::Json("{\"a\":1}".into()));
        assert_eq!(headers(&made.0), ["Authorization: Basic YW5uOnB3", "N: New-Guid"]);
        let told = ["$(Get-Date -Format \"yyyy\")", "Get-Date -Format o", "New-Guid"];
        for what in told {
            assert!(made.1.contains(&format!("{what} is not run; it is kept as text")), "{made:?}");
        }
        let HttpBody::Multipart(parts) = &form.0.body else { panic!("{form:?}") };
        assert_eq!((&*parts[0].value, parts[0].source), ("file report", PartSource::Text));
        assert_eq!((&*parts[1].value, parts[1].source), (".\\b.txt", PartSource::File));
        assert_eq!(file.0.body, HttpBody::File(".\\d.json".into()));
        assert_eq!(bytes.0.body, HttpBody::File("C:\\a.bin".into()));
        assert_eq!(
            (&*me.0.url, &me.0.auth),
            ("http://h/me", &Auth::Bearer("{{login.token}}".into()))
        );
        assert_eq!(me.1, ["\"a\".Length is not run; it is kept as text"]);
        assert_eq!(json.1, ["what is in x.txt is not read; its name is kept as text"]);
        for quiet in [form, file, bytes, login, plain] {
            assert!(quiet.1.is_empty(), "{quiet:?}");
        }
    }

    #[test]
    fn what_is_broken_is_told_with_its_line_and_nothing_nests_without_an_end() {
        for (text, line) in [
            ("\niwr 'http://h/\n", 2),
            ("iwr http://h/ -Headers @{ a = \n", 1),
            (&*format!("iwr http://h/ -Body {}\n", "@(".repeat(10_000)), 1),
            (&*format!("iwr http://h/ -Body {}\n", "@{a=".repeat(10_000)), 1),
            (
                &*format!(
                    "$a = '{}'\niwr http://h/ -Body \"{}\"\n",
                    "x".repeat(1000),
                    "$a".repeat(100_000)
                ),
                2,
            ),
            (&*format!("$a = @(1, 1)\n{}", "$a = @($a, $a)\n".repeat(16)), 16),
        ] {
            let (place, _) = requests(text, 10).unwrap_err();
            assert_eq!(place, line, "{text:.40}");
        }
        assert!(requests("irm -Method Post\n", 10).unwrap()[0].1.is_err());
        assert!(!is_script("iwr = 1") && !is_script("see Invoke-WebRequest\nabout"));
        assert!(is_script("$x = Invoke-RestMethod http://h") && is_script("PS> IWR 'http://h'"));
    }
}

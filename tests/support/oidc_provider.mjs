// A certified OpenID Connect server: node oidc_provider.mjs MODULES PORT ACCOUNTS REDIRECT
// ACCOUNTS is a JSON file of claims by name, read at each use: an account that is not in it (any more) cannot sign in. The password counts for nothing.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [modules, port, accounts, redirect] = process.argv.slice(2);
const found = createRequire(`${modules}/`).resolve("oidc-provider");
const { default: Provider } = await import(pathToFileURL(found));
const issuer = `http://127.0.0.1:${port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "invoices",
      client_secret: "a secret of the provider",
      redirect_uris: [redirect],
      post_logout_redirect_uris: [`${new URL(redirect).origin}/sign-in`],
      grant_types: ["authorization_code", "refresh_token"],
    },
  ],
  claims: { openid: ["sub", "auth_time"], email: ["email", "email_verified"] },
  conformIdTokenClaims: false,
  cookies: { keys: ["of the tests"] },
  issueRefreshToken: () => true,
  findAccount(_, id) {
    const claims = JSON.parse(readFileSync(accounts, "utf8"))[id];
    return claims && { accountId: id, claims: () => ({ sub: id, ...claims }) };
  },
});
provider.listen(Number(port), "127.0.0.1", () => console.log(`listening at ${issuer}`));

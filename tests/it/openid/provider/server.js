// An OpenID Connect provider for the tests: signs in whom `login_hint` names, without asking them.
// `POST /rotate` gives it a new signing key, `POST /vouch-falsely` makes it sign with a key it does not publish.
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const [redirectUri, inIdToken] = process.argv.slice(2);

function key() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), alg: "RS256", use: "sig" };
}

function make(issuer, keys) {
  const provider = new Provider(issuer, {
    jwks: { keys },
    clients: [{ client_id: "vestibule", client_secret: "a secret between two", redirect_uris: [redirectUri] }],
    claims: { openid: ["sub"], email: ["email", "email_verified"] },
    conformIdTokenClaims: inIdToken !== "true",
    cookies: { keys: [randomUUID()] },
    features: { devInteractions: { enabled: false } },
    pkce: { required: () => true },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: id.split("/").pop(), email_verified: !id.startsWith("unverified/") }),
    }),
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({
        clientId: ctx.oidc.client.clientId,
        accountId: ctx.oidc.session.accountId,
      });
      grant.addOIDCScope("openid email");
      await grant.save();
      return grant;
    },
  });
  return provider;
}

let issuer;
let provider;
let published;

const server = createServer(async (request, response) => {
  if (request.url === "/rotate") {
    provider = make(issuer, [key()]);
    published = undefined;
    return response.end();
  }
  if (request.url === "/vouch-falsely") {
    published = await (await fetch(`${issuer}/jwks`)).text();
    const kid = JSON.parse(published).keys[0].kid;
    provider = make(issuer, [{ ...key(), kid }]);
    return response.end();
  }
  if (request.url === "/jwks" && published) {
    return response.setHeader("content-type", "application/json").end(published);
  }
  if (request.url.startsWith("/interaction/")) {
    const { params } = await provider.interactionDetails(request, response);
    return provider.interactionFinished(request, response, { login: { accountId: params.login_hint } });
  }
  return provider.callback()(request, response);
});

server.listen(0, "127.0.0.1", () => {
  issuer = `http://127.0.0.1:${server.address().port}`;
  provider = make(issuer, [key()]);
  console.log(issuer);
});

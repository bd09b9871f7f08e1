// Helps setup.sh: fills credentials and workflows with what the secrets say, and decides which can be published.
//
// A template says %%NAME%% for a secret, and %%NAME.PART%% for a part of one that is a URL: scheme, username, password,
// hostname, port, path, or `secure` (whether its connection is encrypted from the start). A workflow may say
// %%MAIL_FROM%%, %%MAIL_FROM.address%% and the path of a folder, but nothing that is secret: the editor shows it.
"use strict";
const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");

const SECRETS = process.env.SECRETS || "/run/secrets";
const OF_CREDENTIALS = ["api_token", "inbox_url", "smtp_url", "payments_secret", "folder_url"];
const PORTS = { imaps: 993, imap: 143, smtps: 465, smtp: 587, sftp: 22 };
const ENCRYPTED = ["imaps", "smtps"];
const PLACEHOLDER = /%%(\w+)(?:\.(\w+))?%%/g;
const OPEN_TO_WORKFLOWS = ["MAIL_FROM", "MAIL_FROM.address", "folder_url.path"];
// Nothing that ends the double quotes in which an expression has it.
const MAIL_ADDRESS = /[^\s<>"\\{}]+@[^\s<>"\\{},]+/g;

const read = (file) => fs.readFileSync(file, "utf8");
const jsonFiles = (folder) => (fs.existsSync(folder) ? fs.readdirSync(folder) : []).filter((name) => name.endsWith(".json")).sort();

function secret(name) {
  if (name === "MAIL_FROM") return process.env.MAIL_FROM || "";
  if (!OF_CREDENTIALS.includes(name)) throw new Error(`there is no secret ${name}`);
  const file = path.join(SECRETS, name);
  return fs.existsSync(file) ? read(file).trim() : "";
}

function partOf(name, part) {
  const text = secret(name);
  if (!text) return "";
  if (name === "MAIL_FROM") return text.match(MAIL_ADDRESS)?.pop() ?? "";
  const url = new URL(text);
  const scheme = url.protocol.slice(0, -1);
  const parts = {
    scheme,
    username: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port) || PORTS[scheme],
    path: decodeURIComponent(url.pathname) || "/",
    secure: ENCRYPTED.includes(scheme),
  };
  if (!(part in parts)) throw new Error(`a URL has no ${part}`);
  return parts[part];
}

const value = (name, part) => (part ? partOf(name, part) : secret(name));

// A text that is nothing but a placeholder takes the type of its value: a port is a number.
function filled(node, isOpen) {
  if (Array.isArray(node)) return node.map((one) => filled(one, isOpen));
  if (node && typeof node === "object") {
    return Object.fromEntries(Object.entries(node).map(([key, one]) => [key, filled(one, isOpen)]));
  }
  if (typeof node !== "string") return node;
  for (const [, name, part] of node.matchAll(PLACEHOLDER)) {
    if (!isOpen(part ? `${name}.${part}` : name)) throw new Error(`it may not contain ${part ? `${name}.${part}` : name}`);
  }
  const whole = /^%%(\w+)(?:\.(\w+))?%%$/.exec(node);
  return whole ? value(whole[1], whole[2]) : node.replace(PLACEHOLDER, (_, name, part) => String(value(name, part)));
}

const missingOf = (text) => [...text.matchAll(PLACEHOLDER)].map((found) => found[1]).find((name) => !secret(name));

// Each file of its own: one that cannot be used does not keep the others out.
function* parsed(folder, isOpen) {
  for (const name of jsonFiles(folder)) {
    try {
      const text = read(path.join(folder, name));
      yield [name, filled(JSON.parse(text), isOpen), missingOf(text)];
    } catch (error) {
      const why = error instanceof SyntaxError || error.code === "ERR_INVALID_URL" ? "it, or a secret of it, cannot be read" : error.message;
      console.error(`${path.basename(folder)}/${name} was left out: ${why}.`);
    }
  }
}

function write(folder, name, content) {
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, name), content, { mode: 0o600 });
}

function files(here, work) {
  const missing = {};
  for (const [name, credential, secretMissing] of parsed(path.join(here, "credentials"), () => true)) {
    missing[credential.id] = secretMissing;
    write(path.join(work, "credentials"), name, JSON.stringify(credential));
  }
  const publish = [];
  const unpublished = [];
  for (const [name, workflow, secretMissing] of parsed(path.join(here, "workflows"), (one) => OPEN_TO_WORKFLOWS.includes(one))) {
    write(path.join(work, "workflows"), name, JSON.stringify(workflow));
    const used = workflow.nodes.flatMap((node) => Object.values(node.credentials || {}).map((one) => one.id));
    const unready = used.find((id) => !(id in missing) || missing[id]);
    const lacks = secretMissing || (unready && (missing[unready] || `the credential ${unready}`));
    lacks ? unpublished.push(`${workflow.id} ${lacks}`) : publish.push(workflow.id);
  }
  const lists = { publish, unpublished, "workflow-ids": [...publish, ...unpublished] };
  for (const [name, lines] of Object.entries(lists)) write(work, name, lines.map((line) => `${line}\n`).join(""));
}

function fingerprint(here) {
  const hash = crypto.createHash("sha256");
  const add = (text) => hash.update(`${Buffer.byteLength(text)} ${text}`);
  for (const name of fs.readdirSync(here, { recursive: true }).sort()) {
    const file = path.join(here, name);
    if (fs.statSync(file).isFile()) [name, read(file)].forEach(add);
  }
  [...OF_CREDENTIALS, "MAIL_FROM"].forEach((name) => add(secret(name)));
  return hash.digest("hex");
}

async function isRunning(address) {
  try {
    return (await fetch(`${address}/healthz`, { signal: AbortSignal.timeout(3000) })).ok;
  } catch {
    return false;
  }
}

const [what, ...words] = process.argv.slice(2);
if (what === "files") files(...words);
if (what === "fingerprint") console.log(fingerprint(...words));
if (what === "is-running") isRunning(...words).then((runs) => process.exit(runs ? 0 : 1));

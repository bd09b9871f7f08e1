// Playwright sets the media features of every page, by a command that Firefox knows only from its next ESR on. Leave the
// command out, and drive Debian's Firefox all the same; a test that needs such a feature stays with Chromium.
const Module = require("node:module");

const UNKNOWN = 'this._session.send("emulation.setMediaFeaturesOverride",';
const UNKNOWN_TO_BROWSER = 'this._browser._browserSession.send("emulation.setMediaFeaturesOverride",';
const compile = Module.prototype._compile;

Module.prototype._compile = function (content, filename, ...more) {
  const isDriver = filename.endsWith("coreBundle.js");
  if (isDriver && !content.includes(UNKNOWN)) throw new Error(`Playwright no longer sends ${UNKNOWN}: drop this file.`);
  const known = isDriver ? content.replaceAll(UNKNOWN, "Object(").replaceAll(UNKNOWN_TO_BROWSER, "Object(") : content;
  return compile.call(this, known, filename, ...more);
};

"use strict";
// What a page is without this script, it stays: this adds a search, copies, tabs, colours and a panel to try a request.
(() => {
  const root = document.body.dataset.root;
  const tools = document.getElementById("tools");

  /** An element with attributes and children; text is only ever text. */
  const make = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (value !== false) made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...children);
    return made;
  };
  const kept = (key, value) => {
    try {
      if (value === undefined) return localStorage.getItem(key);
      localStorage.setItem(key, value);
    } catch {
      return null; // a page from a disk may have nowhere to keep anything
    }
    return value;
  };

  // -- colours --

  const isDark = () => (document.documentElement.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const theme = make("button", { type: "button", onclick: () => {
    document.documentElement.dataset.theme = kept("theme", isDark() ? "light" : "dark") || (isDark() ? "light" : "dark");
    told();
  } });
  const told = () => {
    theme.textContent = isDark() ? "Light" : "Dark";
    theme.setAttribute("aria-label", isDark() ? "Use light colours" : "Use dark colours");
  };
  told();

  // -- many versions are a list to choose from --

  const versions = document.querySelector(".versions ul");
  if (versions && versions.children.length > 3) {
    const links = [...versions.querySelectorAll("a")];
    const choice = make("select", { "aria-label": "Version", onchange: () => { location.href = choice.value; } },
      ...links.map((link) => make("option", { value: link.getAttribute("href"), selected: link.hasAttribute("aria-current") }, link.textContent)));
    versions.replaceWith(choice);
  }

  // -- search --

  const field = make("input", {
    type: "search", id: "search-field", placeholder: "Search  /", autocomplete: "off", spellcheck: "false", role: "combobox",
    "aria-label": "Search", "aria-expanded": "false", "aria-controls": "search-results", "aria-autocomplete": "list",
  });
  const results = make("ul", { id: "search-results", class: "results", role: "listbox", "aria-label": "Results", hidden: true });
  tools.append(make("div", { class: "find" }, field, results), theme);
  let index = null;
  let loading = false;
  let chosen = -1;

  const load = () => {
    if (index || loading) return;
    loading = true;
    const script = make("script", { src: `${root}assets/search.js` });
    script.addEventListener("load", () => {
      index = window.tillspecIndex.map(([title, kind, path, words, fields]) => ({
        title, kind, path, low: title.toLowerCase(), all: `${title} ${kind} ${words}`.toLowerCase(), fields: fields ? fields.split(" ") : [],
      }));
      show();
    });
    script.addEventListener("error", () => { loading = false; });
    document.head.append(script);
  };

  const score = (entry, words) => {
    let sum = 0;
    for (const word of words) {
      const at = entry.low.indexOf(word);
      if (at === 0) sum += 8;
      else if (at > 0) sum += 5;
      else if (entry.all.includes(word)) sum += 2;
      else return 0;
    }
    return sum + 1 / (1 + entry.title.length);
  };

  const find = (text) => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length || !index) return [];
    const found = [];
    for (const entry of index) {
      const worth = score(entry, words);
      // an operation goes before an error of it, and before a schema that bears its name
      const rank = entry.path.includes("#") || entry.path.startsWith("schemas/") ? 0 : 4;
      if (worth) found.push({ worth: worth + rank, title: entry.title, kind: entry.kind, path: entry.path });
      if (words.length > 1) continue;
      for (const name of entry.fields) {
        const last = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
        if (last.startsWith(words[0])) {
          found.push({ worth: last === words[0] ? 4 : 1.5, title: name, kind: `field · ${entry.title}`, path: `${entry.path}#${name}` });
        }
      }
    }
    const times = {};
    return found.sort((one, other) => other.worth - one.worth)
      .filter((one) => !one.path.includes("#") || (times[one.title] = (times[one.title] || 0) + 1) <= 3).slice(0, 25);
  };

  const show = () => {
    const found = find(field.value);
    chosen = found.length ? 0 : -1;
    results.replaceChildren(...found.map((one, number) => make("li", {
      role: "option", id: `search-result-${number}`, "aria-selected": String(number === 0), "data-path": one.path, onclick: () => go(one.path),
    }, one.title, make("small", {}, one.kind))));
    if (!found.length && field.value.trim() && index) {
      results.append(make("li", { role: "option", "aria-selected": "false" }, "Nothing is called that."));
    }
    const open = results.childElementCount > 0 && document.activeElement === field;
    results.hidden = !open;
    field.setAttribute("aria-expanded", String(open));
    mark();
  };
  const mark = () => {
    [...results.children].forEach((one, number) => one.setAttribute("aria-selected", String(number === chosen)));
    if (chosen < 0) field.removeAttribute("aria-activedescendant");
    else {
      field.setAttribute("aria-activedescendant", `search-result-${chosen}`);
      results.children[chosen]?.scrollIntoView({ block: "nearest" });
    }
  };
  const close = () => {
    results.hidden = true;
    field.setAttribute("aria-expanded", "false");
  };
  const go = (path) => {
    const [page, anchor] = path.split("#");
    close();
    location.href = `${root}${page}${anchor ? `#${encodeURIComponent(anchor)}` : ""}`;
  };

  field.addEventListener("focus", () => { load(); show(); });
  field.addEventListener("input", show);
  field.addEventListener("blur", () => setTimeout(close, 200));
  field.addEventListener("keydown", (event) => {
    const number = results.children.length;
    if (event.key === "ArrowDown" && number) chosen = (chosen + 1) % number;
    else if (event.key === "ArrowUp" && number) chosen = (chosen + number - 1) % number;
    else if (event.key === "Enter") {
      const path = results.children[chosen]?.dataset.path;
      if (path) go(path);
      return;
    } else if (event.key === "Escape") {
      field.value = "";
      close();
      field.blur();
      return;
    } else return;
    event.preventDefault();
    mark();
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      field.focus();
    }
  });

  // -- what a link leads to is unfolded --

  const unfold = () => {
    let id = location.hash.slice(1);
    try {
      id = decodeURIComponent(id);
    } catch {
      // a stray percent sign is a part of the anchor
    }
    const target = id && document.getElementById(id);
    if (!target) return;
    let folded = false;
    for (let above = target; above; above = above.parentElement) {
      if (above instanceof HTMLDetailsElement && !above.open) folded = above.open = true;
    }
    if (folded) target.scrollIntoView();
  };
  addEventListener("hashchange", unfold);
  unfold();
  addEventListener("beforeprint", () => document.querySelectorAll("details.inner, details.example").forEach((one) => { one.open = true; }));

  // -- copies --

  for (const block of document.querySelectorAll("pre")) {
    const button = make("button", { type: "button", class: "copy", onclick: async () => {
      try {
        await navigator.clipboard.writeText(block.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(block);
        button.textContent = "Selected";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    } }, "Copy");
    const frame = make("div", { class: "copies" });
    block.replaceWith(frame);
    frame.append(block, button);
  }

  // -- one language at a time --

  const samples = [...document.querySelectorAll(".sample")];
  if (samples.length) {
    const tabs = make("div", { class: "tabs", role: "tablist", "aria-label": "Language" });
    const choose = (language, focus) => {
      samples.forEach((one, number) => {
        const is = one.dataset.language === language;
        one.open = is;
        one.hidden = !is;
        tabs.children[number].setAttribute("aria-selected", String(is));
        tabs.children[number].tabIndex = is ? 0 : -1;
        if (is && focus) tabs.children[number].focus();
      });
      kept("language", language);
    };
    samples.forEach((one, number) => {
      const language = one.dataset.language;
      one.removeAttribute("name");
      one.id = `samples-${language}`;
      one.setAttribute("role", "tabpanel");
      one.setAttribute("aria-labelledby", `samples-tab-${language}`);
      one.classList.add("tabbed");
      tabs.append(make("button", { type: "button", role: "tab", id: `samples-tab-${language}`, "aria-controls": one.id, onclick: () => choose(language), onkeydown: (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (step) choose(samples[(number + step + samples.length) % samples.length].dataset.language, true);
      } }, one.querySelector("summary").textContent));
    });
    samples[0].before(tabs);
    const before = kept("language");
    choose(samples.some((one) => one.dataset.language === before) ? before : samples[0].dataset.language);
  }

  // -- try it --

  const panel = document.getElementById("try");
  if (panel) {
    const request = JSON.parse(panel.dataset.try);
    const labelled = (text, input) => make("label", {}, text, input);
    const address = make("input", { type: "url", name: "address", value: panel.dataset.sandbox || kept("sandbox") || "", placeholder: "http://127.0.0.1:8787", autocomplete: "off" });
    const parameters = request.parameters.map((one) => [one, make("input", { name: `parameter-${one.name}`, value: one.value, autocomplete: "off" })]);
    // what is typed here stays in this page: it is kept nowhere, and goes to the sandbox alone
    const credentials = request.credentials.map((one) => [one, make("input", { name: `credential-${one.name}`, type: one.basic === "user" ? "text" : "password", autocomplete: "off" })]);
    const body = request.body === null ? null : make("textarea", { name: "body", spellcheck: "false" });
    if (body) body.value = request.body;
    const examples = request.examples.length < 2 ? null : make("select", { name: "example", onchange: () => { body.value = examples.value; } },
      ...request.examples.map(([title, text]) => make("option", { value: text }, title)));
    const output = make("output", { "aria-live": "polite" });
    const send = make("button", { type: "submit", class: "send" }, "Send");
    const fresh = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    const off = () => { send.disabled = !address.value.trim(); };
    const form = make("form", { autocomplete: "off" },
      labelled("Sandbox", address),
      ...parameters.map(([one, input]) => labelled(one.name, input)),
      ...credentials.map(([one, input]) => labelled(one.header ? `${one.header} (${one.name})` : one.name, input)),
      ...(examples ? [labelled("Example", examples)] : []), ...(body ? [labelled("Body", body)] : []), send, output);
    address.addEventListener("input", off);
    off();
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const url = address.value.trim().replace(/\/+$/, "");
      if (!panel.dataset.sandbox) kept("sandbox", url);
      let path = request.path;
      for (const [one, input] of parameters) path = path.replaceAll(`{${one.name}}`, encodeURIComponent(input.value));
      const query = [request.query];
      const headers = new Headers();
      for (const [name, value] of Object.entries(request.headers)) headers.set(name, value === "{fresh}" ? fresh() : value);
      const pair = {};
      for (const [one, input] of credentials) {
        if (one.query) query.push(`${encodeURIComponent(one.query)}=${encodeURIComponent(input.value)}`);
        else if (one.basic) pair[one.basic] = input.value;
        else if (input.value) headers.set(one.header, `${one.before}${input.value}`);
      }
      if (pair.user) headers.set("Authorization", `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(`${pair.user}:${pair.password}`)))}`);
      const search = query.filter(Boolean).join("&");
      send.disabled = true;
      output.replaceChildren("Sending …");
      const began = performance.now();
      try {
        const answer = await fetch(`${url}${path}${search ? `?${search}` : ""}`, { method: request.method, headers, body: body ? body.value : undefined, credentials: "omit", redirect: "manual", referrerPolicy: "no-referrer" });
        await shown(answer, Math.round(performance.now() - began));
      } catch (error) {
        output.replaceChildren(`Nothing was answered (${error.message}). Is the sandbox running, and does it let this page ask? tillspec sandbox --allow-origin ${location.protocol === "file:" ? "null" : location.origin}`);
      }
      off();
    });
    const shown = async (answer, time) => {
      const type = answer.headers.get("content-type") || "";
      const parts = [make("p", {}, make("strong", { class: "status" }, String(answer.status)), ` in ${time} ms`)];
      const lines = [...answer.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
      if (lines) parts.push(make("details", {}, make("summary", {}, "Headers"), make("pre", { tabindex: "0" }, lines)));
      if (type.startsWith("image/png")) {
        const bytes = new Uint8Array(await answer.arrayBuffer());
        parts.push(make("img", { alt: "The picture that was answered", src: `data:image/png;base64,${btoa(String.fromCharCode(...bytes))}` }));
      } else {
        let text = await answer.text();
        try {
          text = JSON.stringify(JSON.parse(text), null, 2);
        } catch {
          // what is no JSON is shown as it is
        }
        parts.push(make("pre", { tabindex: "0", class: "answer" }, text));
      }
      output.replaceChildren(...parts);
    };
    panel.append(form);
    panel.hidden = false;
  }
})();

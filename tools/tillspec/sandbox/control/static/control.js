/* The control page, live: its content is fetched anew each second, and only what has changed is changed. */
"use strict";

(() => {
  const EVERY = 1000;
  const live = document.getElementById("live");
  const signal = document.getElementById("signal");
  const problem = document.getElementById("problem");

  /* -- signing in with the secret of the link -- */

  const door = document.getElementById("sign-in");

  const enter = () => {
    const said = location.hash.slice(1);
    if (!said.startsWith("ctl_sandbox_")) {
      return;
    }
    history.replaceState(null, "", location.pathname + location.search);
    if (door) {
      door.elements.secret.value = said;
      door.submit();
    }
  };

  addEventListener("hashchange", enter);
  enter();

  /* -- changing what is there to what is wanted, and keeping focus, scroll and what was opened -- */

  const kept = (name) => ["open", "hidden", "data-loaded"].includes(name);

  const attributes = (have, want) => {
    for (const { name, value } of want.attributes) {
      if (!kept(name) && have.getAttribute(name) !== value) {
        have.setAttribute(name, value);
      }
    }
    for (const { name } of [...have.attributes]) {
      if (!kept(name) && !want.hasAttribute(name)) {
        have.removeAttribute(name);
      }
    }
  };

  const alike = (have, want) =>
    have !== null && have.nodeType === want.nodeType && have.nodeName === want.nodeName && !have.id && !want.id;

  const children = (have, want) => {
    const known = new Map([...have.children].filter((each) => each.id).map((each) => [each.id, each]));
    let here = have.firstChild;
    for (const each of [...want.childNodes]) {
      const found = each.id ? known.get(each.id) : alike(here, each) ? here : undefined;
      if (found === undefined) {
        const made = document.importNode(each, true);
        if (made.classList && made.classList.contains("row")) {
          made.classList.add("new");
        }
        have.insertBefore(made, here);
        continue;
      }
      if (found === here) {
        here = here.nextSibling;
      } else {
        have.insertBefore(found, here);
      }
      change(found, each);
    }
    while (here !== null) {
      const next = here.nextSibling;
      here.remove();
      here = next;
    }
  };

  const change = (have, want) => {
    if (have.nodeType !== Node.ELEMENT_NODE) {
      if (have.data !== want.data) {
        have.data = want.data;
      }
      return;
    }
    if (have.hasAttribute("data-keep") || have === document.activeElement && have.matches("input, select")) {
      return;
    }
    const stale = have.dataset.version !== undefined && have.dataset.version !== want.dataset.version;
    attributes(have, want);
    children(have, want);
    if (stale && have.open) {
      load(have);
    }
  };

  /* -- asking again and again -- */

  let tag = null;
  let timer = 0;
  let asking = false;

  const say = (text, tone) => {
    if (signal.textContent !== text) {
      signal.textContent = text;
    }
    signal.dataset.tone = tone;
  };

  const look = async () => {
    clearTimeout(timer);
    if (document.hidden || asking) {
      return;
    }
    asking = true;
    try {
      const answer = await fetch(`${location.pathname}?live`, { headers: tag ? { "If-None-Match": tag } : {} });
      if (answer.status === 200) {
        const html = await answer.text();
        tag = answer.headers.get("ETag");
        children(live, new DOMParser().parseFromString(html, "text/html").body);
      } else if (answer.status === 401) {
        location.reload();
        return;
      } else if (answer.status !== 304) {
        throw new Error(String(answer.status));
      }
      say("live", "good");
    } catch {
      say("the sandbox does not answer", "bad");
    } finally {
      asking = false;
      clearTimeout(timer);
      timer = setTimeout(look, EVERY);
    }
  };

  if (live) {
    document.addEventListener("visibilitychange", look);
    say("live", "good");
    timer = setTimeout(look, EVERY);
  }

  /* -- doing something -- */

  const complain = (text) => {
    problem.textContent = text;
    problem.hidden = text === "";
  };

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("form[data-do]") || !live) {
      return;
    }
    event.preventDefault();
    const fields = new FormData(form);
    if (event.submitter && event.submitter.name) {
      fields.append(event.submitter.name, event.submitter.value);
    }
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        headers: { Accept: "application/json" },
        body: new URLSearchParams(fields),
      });
      if (answer.ok) {
        complain("");
        if (form.matches("[data-reset]")) {
          form.reset();
        }
      } else {
        const { error } = await answer.json();
        complain(`${error.message} ${error.hint}`);
      }
    } catch {
      complain("The sandbox does not answer.");
    }
    look();
  });

  /* -- more of a row, when it is opened -- */

  const load = async (details) => {
    const more = details.querySelector("[data-keep]");
    try {
      const answer = await fetch(details.dataset.src);
      if (!answer.ok) {
        throw new Error(String(answer.status));
      }
      more.replaceChildren(...new DOMParser().parseFromString(await answer.text(), "text/html").body.childNodes);
      reveal(more);
    } catch {
      more.textContent = "It is not kept any more, or the sandbox does not answer.";
    }
  };

  document.addEventListener(
    "toggle",
    (event) => {
      const details = event.target;
      if (details.open && details.dataset.src && !details.dataset.loaded) {
        details.dataset.loaded = "yes";
        load(details);
      }
    },
    true,
  );

  /* -- copying -- */

  const reveal = (within) => {
    for (const button of within.querySelectorAll("[data-copy]")) {
      button.hidden = !navigator.clipboard;
    }
  };

  reveal(document);

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) {
      await navigator.clipboard.writeText(button.dataset.copy);
      const before = button.textContent;
      button.textContent = "Copied";
      setTimeout(() => {
        button.textContent = before;
      }, 1500);
    }
  });
})();

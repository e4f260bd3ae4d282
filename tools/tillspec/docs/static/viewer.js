"use strict";
// Scalar with the contract that stands beside it: no fonts, no telemetry, no proxy, nothing that asks anybody else.
document.getElementById("viewer").textContent = "";
Scalar.createApiReference("#viewer", {
  content: window.tillspecContract,
  withDefaultFonts: false,
  telemetry: false,
  proxyUrl: "",
  hideClientButton: true,
  showDeveloperTools: "never",
  agent: { disabled: true },
  mcp: { disabled: true },
});

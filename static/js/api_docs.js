// The API document, made readable by Swagger UI (a classic script: it is window.SwaggerUIBundle).

const api = document.getElementById("api");

const dark = window.matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

window.SwaggerUIBundle({
  url: api.dataset.document,
  domNode: api,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  // Nothing leaves this host: no badge from an online validator, no address taken from the page's query.
  validatorUrl: null,
  queryConfigEnabled: false,
});

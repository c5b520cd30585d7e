/** German: what the page says from the start. */

export { default } from "./de/outside.js";

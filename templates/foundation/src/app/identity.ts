export const identity = {
  name: "__APP_NAME__",
  tagline: "A fresh start, ready to become your app.",
}

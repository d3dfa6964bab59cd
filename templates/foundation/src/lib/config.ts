export interface AppConfig {
  app_id: string
  environment: "preview" | "staging" | "production"
  /** The environment's public variables, by name. Everyone who opens the app can read them. */
  variables: Readonly<Record<string, string>>
}

const standalone: AppConfig = { app_id: "localapp", environment: "preview", variables: {} }

/** What the app's Worker wrote into the page; without it the app runs by itself. */
export const config: AppConfig = read()

/** Whether to log for the person building this app. */
export const isDevelopment = import.meta.env.DEV || config.environment === "preview"

function read(): AppConfig {
  const text = document.getElementById("overskill-config")?.textContent
  if (!text) return standalone
  const found: Partial<AppConfig> = JSON.parse(text)
  return { ...standalone, ...found }
}

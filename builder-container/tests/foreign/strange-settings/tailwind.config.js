const colours = { brand: "#0d9488" }

export default {
  content: ["./src/**/*.tsx"],
  theme: { colors: { brand: colours.brand, other: colours[{ toString: 1 }] } },
}

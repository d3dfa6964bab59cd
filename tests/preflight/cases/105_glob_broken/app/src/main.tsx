console.log(import.meta.glob("./g/*.ts"))

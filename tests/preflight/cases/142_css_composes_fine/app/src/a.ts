import styles from "./a.module.css"
console.log(styles.a)

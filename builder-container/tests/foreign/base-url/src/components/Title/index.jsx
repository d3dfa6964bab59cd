export default function Title({ style, logo }) {
  return <img style={style} src={logo} alt="titled" />
}

/** The package says where its program is, and has no types. */
declare module "workerd" {
  const workerd: { readonly default: string };
  export default workerd;
}

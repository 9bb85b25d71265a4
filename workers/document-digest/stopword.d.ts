/** The package comes without types. Lists of stop words by ISO 639-3 code, beside functions that are not used here. */
declare module 'stopword' {
  const lists: Readonly<Record<string, readonly string[]>>;
  export default lists;
}

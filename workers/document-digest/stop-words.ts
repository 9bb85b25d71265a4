import stopwords from 'stopword';

/**
 * What `franc` calls the languages for which there are stop words. It knows more, but with all of them English is now and
 * then taken for Scots and Swedish for Norwegian.
 */
export const knownLanguages: readonly string[] = `
  afr arb ben bul cat ces cmn dan deu ekk ell eng epo fin fra glg guj hau heb hin hrv hun hye ind ita jpn kor lit
  lvs mar mya nld nob pan pes pol por ron rus slk slv som sot spa swe swh tgl tha tur ukr urd vie yor zlm zul
`
  .trim()
  .split(/\s+/);

/** Where the list of stop words has another name than the language. */
const listNames: Readonly<Record<string, string>> = {
  arb: 'ara',
  cmn: 'zho',
  ekk: 'est',
  lvs: 'lav',
  pan: 'panGu',
  pes: 'fas',
  swh: 'swa',
  zlm: 'msa',
};

/** The English list is short; these say as little as those on it. */
const furtherEnglish: readonly string[] = `
  across again against already although always among around away become becomes cannot did does done down during
  either else enough even ever every few first found further gets give given gives goes going having however
  instead itself just keep keeps kept know known last later least less let lets likely made makes making may maybe
  means more much need needs neither never next no none nor not nothing often once one ones onto others otherwise
  own per perhaps put quite rather really right says second see seen set sets several shall show shows simply
  something sometimes soon taken takes things third though three thus together two unless until upon us use used
  useful uses using usually various via want wants whatever when whenever wherever whether whole whose why will
  within without yes yet its so he she him they doesn't don't isn't aren't can't won't didn't it's that's there's
`
  .trim()
  .split(/\s+/);

const stopWordsByTag: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  knownLanguages.map((code) => {
    const listed = stopwords[listNames[code] ?? code] ?? [];
    return [tagOf(code), new Set(code === 'eng' ? [...listed, ...furtherEnglish] : listed)];
  }),
);

/** Words of a language that carry no meaning of their own, in lower case; empty when none are known. */
export function stopWordsOf(tag: string): ReadonlySet<string> {
  return stopWordsByTag.get(tag) ?? new Set();
}

/** Language part of the BCP 47 tag for any code of a language: `deu` and `de-AT` are `de`; `und` for what is no code. */
export function tagOf(code: string): string {
  try {
    return new Intl.Locale(code).language;
  } catch {
    return 'und';
  }
}

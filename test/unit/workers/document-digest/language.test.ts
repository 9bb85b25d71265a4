import { describe, expect, it } from 'vitest';
import { detectLanguage } from '../../../../workers/document-digest/language.js';

describe('detectLanguage', () => {
  it.each([
    ['en', 'Install the package and run the tests.'],
    ['en', 'The queue loses nothing and keeps the important work on time.'],
    ['de', 'Der Auftrag wird nach einer Pause erneut versucht, solange das Ziel nicht antwortet.'],
    ['fr', 'La file ne perd rien et garde le travail important à temps.'],
    ['es', 'El trabajador procesa los trabajos y guarda el resultado en un archivo.'],
    ['it', 'Il lavoratore elabora i documenti e salva il risultato in un file.'],
    ['pt', 'O trabalhador processa os documentos e guarda o resultado num ficheiro.'],
    ['nl', 'De werknemer verwerkt de documenten en slaat het resultaat op.'],
    ['sv', 'Det är en kö som inte förlorar något och som håller det viktiga arbetet i tid.'],
    ['da', 'Arbejderen behandler dokumenterne og gemmer resultatet i en fil.'],
    ['pl', 'Pracownik przetwarza dokumenty i zapisuje wynik w pliku.'],
    ['fi', 'Työntekijä käsittelee asiakirjat ja tallentaa tuloksen tiedostoon.'],
    ['tr', 'İşçi belgeleri işler ve sonucu kaydeder.'],
    ['ru', 'Работник обрабатывает документы и сохраняет результат.'],
    ['uk', 'Працівник обробляє документи та зберігає результат.'],
    ['zh', '工作进程处理文档并保存结果。'],
    ['ja', 'ワーカーは文書を処理し、結果を保存します。'],
    ['ko', '작업자는 문서를 처리하고 결과를 저장합니다.'],
  ])('tells %s from "%s"', (tag, text) => {
    const language = detectLanguage(text);

    expect(language.tag).toBe(tag);
    expect(language.stopWords.size).toBeGreaterThan(50);
  });

  it.each(['', '12345 67890', 'Changelog', 'Redis BullMQ pino fastify'])('does not guess from %j', (text) => {
    expect(detectLanguage(text)).toEqual({ tag: 'und', stopWords: new Set() });
  });

  it.each([
    ['de-AT', 'de'],
    ['EN', 'en'],
    ['no such tag!', 'und'],
  ])('believes the document when the text does not tell: %s', (declared, tag) => {
    expect(detectLanguage('Changelog', declared).tag).toBe(tag);
  });
});

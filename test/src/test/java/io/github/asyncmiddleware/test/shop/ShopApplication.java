package io.github.asyncmiddleware.test.shop;

import org.springframework.boot.autoconfigure.SpringBootApplication;

/**
 * The application of the documentation.
 */
@SpringBootApplication
class ShopApplication {

}
